/** What a sync gives to computers, when their list changes, what they report, and how a version is found by a hash. */
import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { OPERATOR } from '../../registry/services/caller.ts';
import { landFirstVersion } from '../../registry/services/definitions/first-version.ts';
import { enrolComputer, startLab, type TestComputer, type TestLab } from '../helpers/lab.ts';
import { DATABASES, type DatabaseKind, measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

const status = (status: number, message?: RegExp) =>
  ({ status, ...(message && { message }) }) as never;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Two files whose hashes begin with the same seven digits. */
function alike(): [one: string, other: string] {
  const known = new Map<string, string>();
  for (let i = 0; ; i++) {
    const text = `GAIN = ${i}\n`;
    const before = known.get(sha256(text).slice(0, 7));
    if (before) return [before, text];
    known.set(sha256(text).slice(0, 7), text);
  }
}

/** A hexadecimal digit that differs from the last digit of the hash. */
const flip = (hash: string) => (hash.endsWith('0') ? '1' : '0');

/** Creates a built-in definition. */
async function ship({ deps }: TestLab, name: string): Promise<number> {
  const files = new Map([[`${name}.py`, Buffer.from(measurement(name))]]);
  const flags = { isPublic: true, isBuiltin: true, lab: null, overrides: [] };
  return (await landFirstVersion(deps, OPERATOR, { name, files, summary: 'Ship it', ...flags }))
    .definition.id;
}

for (const database of DATABASES) {
  await t.test(database, (t) => story(t, database));
}

async function story(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database });
  const { ada, ben, cleo, dan, admin, nano, other } = lab;
  const pc = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const pc2 = await enrolComputer(lab, ada, nano.id, 'LABPC-02');
  const cold = await enrolComputer(lab, dan, other.id, 'COLD-01');
  const create = async (by: typeof ada, name: string, fields = {}) =>
    (await by.client.definitions.create({ name, source_code: measurement(name), ...fields })).id;
  const meter = await create(ada, 'Meter', { files: { 'helpers.py': 'GAIN = 2\n' } });
  const spare = await create(ada, 'Spare');
  const shared = await create(dan, 'Shared', { is_public: true });
  await create(dan, 'Secret');
  const shipped = await ship(lab, 'Shipped');
  const main = await ada.client.instruments.create({ name: 'Main', definition_id: meter });
  await ada.client.instruments.bind(main.id, 'LABPC-01', { adapter: 'GPIB::8' });

  const ask = async ({ token }: Pick<TestComputer, 'token'>, query = '', etag?: string) => {
    const answer = await fetch(`${lab.url}/api/sync${query}`, {
      headers: { authorization: `Bearer ${token}`, ...(etag && { 'if-none-match': etag }) },
    });
    return { status: answer.status, etag: answer.headers.get('etag') ?? '', answer };
  };
  const labels = async (computer: TestComputer, query = {}) =>
    (await computer.client.sync.list(query)).definitions.map(
      ({ name, version, bound, pinned }) =>
        `${name} v${version}${bound ? ' bound' : ''}${pinned ? ' pinned' : ''}`,
    );

  await t.test('a computer gets complete definitions of its lab and its bindings', async (t) => {
    const list = await pc.client.sync.list();
    t.same(
      list.definitions.map(({ name }) => name),
      ['Meter', 'Spare'],
    );
    const [first] = list.definitions;
    t.match(first, {
      id: meter,
      version: 1,
      bound: true,
      pinned: false,
      display_name: 'Meter',
      instrument_type: 'measurement',
      data_columns: ['value'],
      lab_id: nano.id,
      created_by: 'ada',
      approvals: [],
      clone_url: `${lab.url}/definitions/Meter.git`,
      files: {
        'Meter.py': sha256(measurement('Meter')),
        'helpers.py': sha256('GAIN = 2\n'),
      },
    });
    const { head } = await ada.client.definitions.read(meter);
    t.equal(first?.commit, head);
    t.match(list, {
      computer: { computer_name: 'LABPC-01', lab_id: nano.id },
      revoked: [],
      warnings: [],
      bindings: [
        {
          adapter: 'GPIB::8',
          instrument: { name: 'Main', definition: { name: 'Meter', version: 1 } },
        },
      ],
    });
    t.ok(list.policy.banned_imports.includes('subprocess'));
  });

  await t.test(
    'the instruments of the lab are listed with their current state, bound or not',
    async (t) => {
      const { instruments } = ada.client;
      const names = async (computer: TestComputer, query = {}) =>
        (await computer.client.sync.list(query)).instruments.map(({ name }) => name);
      await dan.client.instruments.create({ name: 'Somebody else’s' });
      const spareOne = await instruments.create({ name: 'On the shelf', definition_id: spare });
      const before = await ask(pc2);
      t.match((await pc2.client.sync.list()).instruments, [
        { name: 'Main', definition: { name: 'Meter', version: 1 } },
        { id: spareOne.id, name: 'On the shelf', definition: { name: 'Spare', version: 1 } },
      ]);
      t.same(await names(pc2, { scope: 'bound' }), []);
      t.equal((await ask(pc2, '', before.etag)).status, 304);

      await instruments.change(spareOne.id, { location: 'Room 3' });
      t.equal((await ask(pc2, '', before.etag)).status, 200, 'the computer receives the change');
      await instruments.change(spareOne.id, { status: 'retired' });
      t.same(await names(pc2), ['Main']);
      await instruments.change(spareOne.id, { status: 'available' });
      const last = await ask(pc2);
      await instruments.remove(spareOne.id);
      t.equal((await ask(pc2, '', last.etag)).status, 200, 'the computer learns of the deletion');
      t.same(await names(pc2), ['Main']);
    },
  );

  await t.test(
    'public and built-in definitions are listed if named or bound; hidden ones never',
    async (t) => {
      t.same(await labels(pc, { names: 'shipped, Shared,Secret,NeverThere' }), [
        'Meter v1 bound',
        'Shared v1',
        'Shipped v1',
        'Spare v1',
      ]);
      t.same(await labels(pc2), ['Meter v1', 'Spare v1']);
      t.same(await labels(pc2, { scope: 'bound' }), []);
      t.same(await labels(pc, { scope: 'bound', names: 'Shipped' }), ['Meter v1 bound']);
      t.same(await labels(cold), ['Secret v1', 'Shared v1']);
      const one = await ada.client.instruments.create({ name: 'One', definition_id: shipped });
      await ada.client.instruments.bind(one.id, 'LABPC-02', {});
      t.same(await labels(pc2), ['Meter v1', 'Shipped v1 bound', 'Spare v1']);
      await ada.client.instruments.remove(one.id);
    },
  );

  await t.test('only a computer gets a list', async (t) => {
    for (const { client } of [ada, cleo, admin]) {
      await t.rejects(client.sync.list(), status(403, /computer/));
      await t.rejects(client.sync.report({ installed: {} }), status(403));
    }
    await t.rejects(lab.anonymous.sync.list(), status(401));
  });

  await t.test('while its list is unchanged a computer gets 304', async (t) => {
    const { etag } = await ask(pc);
    t.match(etag, /^W\/"[\w-]+"$/);
    const same = async (what: string, query = '') =>
      t.equal((await ask(pc, query, etag)).status, 304, what);
    await same('asked again');
    t.equal((await ask(pc, '', etag.slice(2))).status, 304, 'a strong tag is compared weakly');
    t.equal((await ask(pc, '', `"x", ${etag}`)).status, 304);
    t.equal((await ask(pc, '', '"x"')).status, 200);
    t.equal((await ask(pc, '?scope=bound', etag)).status, 200, 'another query');
    t.equal((await ask(pc, '?names=Shipped', etag)).status, 200);
    t.equal((await ask(pc2, '', etag)).status, 200, 'another computer');
    await pc.client.sync.report({ installed: { Meter: 1 } });
    await same('a report');
    await create(dan, 'SecretToo');
    await same("another lab's landing");
    await ada.client.instruments.bind(main.id, 'LABPC-02', { adapter: 'USB0' });
    await ada.client.computers.change(pc2.id, { nickname: 'Bench' });
    await same('another computer of the lab');
    await ada.client.definitions.change(meter, { source_code: measurement('Meter') });
    await same('a save that changes nothing');
  });

  await t.test('every change of a list changes its ETag', async (t) => {
    let { etag } = await ask(pc, '?names=Shared');
    const changesList = async (what: string, change: () => Promise<unknown>) => {
      await change();
      const now = await ask(pc, '?names=Shared', etag);
      t.equal(now.status, 200, what);
      t.not(now.etag, etag, what);
      ({ etag } = now);
    };
    const { client } = ada;
    const bind = (body: object) => client.instruments.bind(main.id, 'LABPC-01', body);
    await changesList('a landing', () =>
      client.definitions.change(spare, { source_code: measurement('Spare', 2) }),
    );
    await changesList('a landing of a public one', () =>
      dan.client.definitions.change(shared, { source_code: measurement('Shared', 2) }),
    );
    await changesList('a revocation', () => client.definitions.revoke(spare, 1, 'burns'));
    await changesList('another reason', () => client.definitions.revoke(spare, 1, 'burns a lot'));
    await changesList('reinstated', () => client.definitions.reinstate(spare, 1, 'does not'));
    await changesList('deprecated', () => client.definitions.deprecate(spare, 2, 'old'));
    await changesList('archived', () => client.definitions.archive(spare));
    await changesList('taken back', () => client.definitions.restore(spare));
    await changesList('made public', () => client.definitions.change(spare, { is_public: true }));
    await changesList('a binding', () => bind({ adapter: 'GPIB::9' }));
    await changesList('settings', () => bind({ last_settings: { gain: 1 } }));
    await changesList('its instrument', () =>
      client.instruments.change(main.id, { name: 'Mainly' }),
    );
    await changesList('the computer itself', () =>
      client.computers.change(pc.id, { location: 'Left' }),
    );
    await changesList('the policy', () =>
      client.labs.change(nano.id, { allowed_imports: ['ctypes'] }),
    );
    await changesList('an account', async () => {
      // The triggers see only this change of rows, as when the index is corrected by hand.
      await lab.deps.store.transaction((em) =>
        em.execute(`update definitions set category = 'X' where id = ${meter}`),
      );
    });
  });

  await t.test('pinned versions are listed beside the newest until they are revoked', async (t) => {
    const { definitions, instruments } = ada.client;
    await definitions.change(meter, { source_code: measurement('Meter', 2), category: 'Later' });
    await instruments.change(main.id, { pinned_version: 1 });
    t.same(await labels(pc), ['Meter v1 bound pinned', 'Meter v2', 'Spare v2']);
    t.same(await labels(pc, { scope: 'bound' }), ['Meter v1 bound pinned']);
    const { definitions: both } = await pc.client.sync.list();
    t.equal(both[0]?.category, null, 'each has the metadata of its own files');
    t.equal(both[1]?.category, 'Later');
    t.equal(both[0]?.files['Meter.py'], sha256(measurement('Meter')));

    await definitions.revoke(meter, 1, 'burns samples');
    const list = await pc.client.sync.list();
    t.same(await labels(pc), ['Meter v2 bound', 'Spare v2']);
    t.match(list.revoked, [
      { name: 'Meter', version: 1, commit: both[0]?.commit, reason: 'burns samples' },
    ]);
    t.match(list.warnings, [/Mainly is pinned to version 1 of Meter.*burns samples.*Version 2/]);
    t.match(list.bindings, [
      { instrument: { pinned_version: 1, definition: { name: 'Meter', version: 2 } } },
    ]);
    await definitions.revoke(meter, 2, 'too');
    const none = await pc.client.sync.list();
    t.same(await labels(pc), ['Spare v2']);
    t.match(none.warnings, [/There is no other version/]);
    t.equal(none.revoked.length, 2);
    t.match(none.bindings, [{ instrument: { definition: null } }]);
    t.same((await cold.client.sync.list()).revoked, [], 'the other lab does not see them');
    await definitions.reinstate(meter, 2, 'stands');
    await instruments.change(main.id, { pinned_version: null });
    t.same(await labels(pc), ['Meter v2 bound', 'Spare v2']);
  });

  await t.test('a definition that the lab may no longer use is not listed', async (t) => {
    const theirs = await ada.client.instruments.create({ name: 'Theirs', definition_id: shared });
    await ada.client.instruments.bind(theirs.id, 'LABPC-01', {});
    t.ok((await labels(pc)).includes('Shared v2 bound'));
    await t.rejects(dan.client.definitions.archive(shared), status(409, /1 in other labs/));
    await dan.client.definitions.change(shared, { is_public: false });
    const { warnings } = await pc.client.sync.list();
    t.match(warnings, [/lab of Theirs can no longer use/]);
    t.notOk((await labels(pc, { names: 'Shared' })).some((label) => label.startsWith('Shared')));
    await dan.client.definitions.change(shared, { is_public: true });
    await ada.client.instruments.remove(theirs.id);
  });

  await t.test('the fleet shows which version runs where and how far it is behind', async (t) => {
    await pc.client.sync.report({
      installed: { Meter: 1, Spare: 2, FromAFile: 3 },
      loaded: { Meter: 1 },
      errors: ['Spare v9: refused', { name: 'X', message: 'broken' }],
    });
    await pc2.client.sync.report({ installed: { Meter: 2 }, loaded: {} });
    const { items, total } = await cleo.client.fleet.list();
    t.equal(total, 2);
    t.match(items, [
      {
        computer_name: 'LABPC-01',
        installed: { Meter: 1, Spare: 2, FromAFile: 3 },
        loaded: { Meter: 1 },
        errors: ['Spare v9: refused', { name: 'X', message: 'broken' }],
        reported_at: /Z$/,
        last_seen: /Z$/,
      },
      { computer_name: 'LABPC-02', installed: { Meter: 2 }, lag: [] },
    ]);
    t.same(items[0]?.lag, [
      {
        name: 'Meter',
        definition_id: meter,
        version: 1,
        newest: 2,
        behind: 1,
        revoked: 'burns samples',
      },
    ]);
    const computersWith = async (query: object) =>
      (await ben.client.fleet.list(query)).items.map(({ computer_name }) => computer_name);
    t.same(await computersWith({ definition_id: meter }), ['LABPC-01', 'LABPC-02']);
    t.same(await computersWith({ definition_id: meter, version: 2 }), ['LABPC-02']);
    t.same(await computersWith({ definition_id: shared }), []);
    t.same(await computersWith({ state: 'behind' }), ['LABPC-01']);
    t.same(await computersWith({ state: 'errors' }), ['LABPC-01']);
    t.same(await computersWith({ state: 'silent' }), []);
    t.same(await computersWith({ state: 'behind', definition_id: meter, version: 2 }), []);
    t.match((await dan.client.fleet.list()).items, [
      { computer_name: 'COLD-01', reported_at: null },
    ]);
    t.equal((await pc2.client.fleet.list()).total, 1, 'a computer sees only itself');
    await t.rejects(lab.anonymous.fleet.list(), status(401));
  });

  await t.test('adoption is stored daily and counts only what the caller may see', async (t) => {
    const { store } = lab.deps;
    // Makes the rows look as if both computers had reported days ago, and one of them had changed its version the day
    // before yesterday.
    await store.em().execute(`update installations set since = now() - interval '5 days'`);
    await pc.client.sync.report({ installed: { Meter: 2 } });
    await store
      .em()
      .execute(
        `update installations set since = now() - interval '2 days' where until is null and version = 2 and computer = ${pc.id}`,
      );
    await store
      .em()
      .execute(
        `update installations set until = now() - interval '2 days' where until is not null`,
      );
    const { versions, history } = await cleo.client.fleet.definition(meter, 7);
    t.same(versions, [{ version: 2, installed: 2, loaded: 0, revoked: null }]);
    t.same(
      history.map(({ installed }) => installed),
      [{}, { 1: 1, 2: 1 }, { 1: 1, 2: 1 }, { 1: 1, 2: 1 }, { 2: 2 }, { 2: 2 }, { 2: 2 }],
    );
    t.equal(history.at(-1)?.date, new Date().toISOString().slice(0, 10));
    await t.rejects(dan.client.fleet.definition(meter), status(404));
    t.same((await dan.client.fleet.definition(shared)).versions, []);
    await pc.client.sync.report({ installed: { Meter: 2 } });
    const [{ count }] = await store
      .em()
      .execute<[{ count: string }]>('select count(*) from installations where computer = ?', [
        pc.id,
      ]);
    t.equal(Number(count), 3, 'a continuing installation adds no row');
  });

  await t.test('a commit and the hash of a file lead to the version and its review', async (t) => {
    const saved = await ben.client.definitions.change(meter, {
      source_code: measurement('Meter', 3),
    });
    const { id } = (saved as unknown as { merge_request: { id: number } }).merge_request;
    const { head } = await ada.client.mergeRequests.read(id);
    await ada.client.mergeRequests.review(id, { verdict: 'approve', body: 'Measured it', head });
    await ada.client.mergeRequests.merge(id, { head });
    const { commit } = await ada.client.definitions.version(meter, 3);
    const provenance = await ben.client.fleet.provenance(commit);
    t.match(provenance, {
      name: 'Meter',
      version: 3,
      commit,
      path: null,
      newest: 3,
      author: { name: 'Ben' },
      landed_by: 'ada',
      approvals: [{ by: { username: 'ada' } }],
      signature: { valid: true },
      review: { id, author: 'ben', reviews: [{ author: 'ada', body: 'Measured it' }] },
      others: [],
    });
    const hash = provenance.files['Meter.py'] ?? '';
    const byHash = await cleo.client.fleet.provenance(hash);
    t.match(byHash, { version: 3, path: 'Meter.py', approvals: [{ by: { username: 'ada' } }] });
    t.equal(byHash.review, null, 'only readers of merge requests see the review');
    await ada.client.definitions.rollback(meter, 2, 'back');
    const second = await ada.client.definitions.version(meter, 2);
    const { files } = await pc.client.fleet.provenance(second.commit);
    const twice = await pc.client.fleet.provenance((files['Meter.py'] ?? '').toUpperCase());
    t.match(twice, { version: 2, others: [{ version: 4, path: 'Meter.py' }] });
    const helper = await pc.client.fleet.provenance(sha256('GAIN = 2\n'));
    t.match(helper, { version: 1, path: 'helpers.py', revoked: { reason: 'burns samples' } });
    for (const client of [dan.client, lab.anonymous, cold.client]) {
      await t.rejects(client.fleet.provenance(commit), status(404));
      await t.rejects(client.fleet.provenance(hash), status(404));
    }
    await t.rejects(ada.client.fleet.provenance('f'.repeat(64)), status(404));
    await t.rejects(ada.client.fleet.provenance('abc'), status(422));
  });

  await t.test('a hash prefix leads to the same version as the whole hash', async (t) => {
    const [one, other] = alike();
    const first = await create(ada, 'AlikeOne', { files: { 'helpers.py': one } });
    await create(dan, 'AlikeHidden', { files: { 'helpers.py': other } });
    const { commit } = await ada.client.definitions.version(first, 1);
    const whole = await ada.client.fleet.provenance(commit);
    for (const digits of [7, 12, 39])
      t.same(await ada.client.fleet.provenance(commit.slice(0, digits).toUpperCase()), whole);
    t.match(await pc.client.fleet.provenance(commit.slice(0, 7)), { name: 'AlikeOne', commit });
    const hash = sha256(one);
    for (const digits of [7, 40, 63]) {
      const found = await ada.client.fleet.provenance(hash.slice(0, digits));
      t.match(
        found,
        { name: 'AlikeOne', path: 'helpers.py' },
        'hidden versions do not cause ambiguity',
      );
    }
    for (const client of [dan.client, lab.anonymous, cold.client])
      await t.rejects(client.fleet.provenance(commit.slice(0, 12)), status(404));
    await t.rejects(ada.client.fleet.provenance(`${hash.slice(0, 63)}${flip(hash)}`), status(404));
    await t.rejects(ada.client.fleet.provenance(commit.slice(0, 6)), status(422));

    await create(ada, 'AlikeOther', { files: { 'helpers.py': other } });
    const refused = ada.client.fleet.provenance(hash.slice(0, 7));
    await t.rejects(refused, status(409, new RegExp(`${hash} .*AlikeOne v1.*${sha256(other)}`)));
    t.match(await ada.client.fleet.provenance(sha256(other)), { name: 'AlikeOther' });
  });

  await t.test('a report that cannot be stored is refused and changes nothing', async (t) => {
    const before = (await ada.client.fleet.list()).items;
    const report = (body: object) => pc.client.sync.report(body as never);
    await t.rejects(report({ installed: { Meter: 0 } }), status(422));
    await t.rejects(report({ installed: { Meter: '1' } }), status(422));
    await t.rejects(report({ installed: [] }), status(422));
    await t.rejects(report({}), status(422));
    await t.rejects(report({ installed: {}, errors: ['x'.repeat(1_100_000)] }), status(413));
    const bind = (last_settings: object) =>
      pc.client.instruments.bind(main.id, 'LABPC-01', { last_settings } as never);
    await t.rejects(bind({ a: '\0' }), status(422, /NUL/));
    await t.rejects(bind({ a: '\ud800' }), status(422));
    t.same((await ada.client.fleet.list()).items, before);

    await report({ installed: {}, errors: [{ text: 'a\0b' }] });
    const fleet = JSON.stringify(await ada.client.fleet.list());
    t.match(
      fleet,
      'a<U+0000>b',
      'the message of an instrument is stored, with hidden characters escaped',
    );
  });
}
