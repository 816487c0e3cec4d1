/**
 * Bench computers: who makes a computer one, what it may see and do, which of its results count, and when its right
 * ends.
 */
import t, { type Test } from 'tap';
import type { RegistryClient } from '../../client/typescript/client.ts';
import { cloneOf } from '../helpers/clone.ts';
import { bearer, type EventReader, readEvents } from '../helpers/events.ts';
import { gitResult } from '../helpers/git.ts';
import { enrolComputer, startLab, type TestComputer, type TestLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { DATABASES, type DatabaseKind, measurement, type Person } from '../helpers/registry.ts';

t.setTimeout(240_000);

const details = {
  items: [
    { name: 'tests/connect.jsonl', state: 'passed' as const, seconds: 0.1 },
    {
      name: 'simulator',
      state: 'failed' as const,
      seconds: 0.2,
      message: 'The first command differs.',
      difference: 'sent *RST\u0000, expected *CLS',
    },
  ],
  environment: { python: '3.13.1', packages: { numpy: '2.3.0' } },
};

/** Enrols a computer of the first lab and makes it a bench computer. */
async function bench(lab: TestLab, name: string): Promise<TestComputer> {
  const computer = await enrolComputer(lab, lab.ada, lab.nano.id, name);
  await lab.ada.client.computers.change(name, { is_bench: true });
  return computer;
}

/** A contributor's change of a definition. */
async function propose(who: Person, id: number, name: string, value: number) {
  const saved = await who.client.definitions.change(id, { source_code: measurement(name, value) });
  if (!saved.merge_request) throw new Error('it landed');
  return saved.merge_request.id;
}

async function define({ ada, nano }: TestLab, name: string, more: object = {}): Promise<number> {
  const fields = { name, source_code: measurement(name), lab_id: nano.id, ...more };
  return (await ada.client.definitions.create(fields)).id;
}

const post = (
  client: RegistryClient,
  id: number,
  state: 'success' | 'failure',
  more: object = {},
) => client.mergeRequests.check(id, { name: 'tests', state, details, ...more });

/** Waits for an event of a merge request. */
async function told(
  stream: EventReader,
  kind: 'merge_request.opened' | 'merge_request.closed',
  id: number,
) {
  for (;;) {
    const event = await stream.next();
    if (event.kind !== kind) continue;
    if ((event.data as { merge_request: { id: number } }).merge_request.id === id) return;
  }
}

async function story(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database });
  const { ada, ben, dan, nano, other, admin } = lab;
  const look = (id: number) => ada.client.mergeRequests.read(id);

  await t.test('a lab admin makes an enrolled computer a bench, by id or by name', async (t) => {
    const { client, id } = await enrolComputer(lab, ada, nano.id, 'Named');
    const denied = await problemOf(client.mergeRequests.list());
    t.match(denied, { status: 403 }, 'another computer sees no merge requests');
    const { computers } = ada.client;
    t.match(await computers.change(id, { is_bench: true }), { is_bench: true });
    t.match(await client.mergeRequests.list(), { total: 0 });
    t.match(await computers.change('nAMED', { is_bench: false }), { is_bench: false });
    t.match(
      await problemOf(client.mergeRequests.list()),
      { status: 403 },
      'the right ends at once',
    );
    const [entry] = (await ada.client.audit({ per_page: 1 })).items;
    t.match(entry, {
      action: 'computer.changed',
      before: { is_bench: true },
      after: { is_bench: false },
    });
    t.match(await problemOf(computers.change('Unknown', { is_bench: true })), { status: 404 });
    t.match(await problemOf(computers.change('99999999999', { is_bench: true })), { status: 404 });
    t.match(await problemOf(dan.client.computers.change('Named', { is_bench: true })), {
      status: 404,
    });
    await computers.create({ computer_name: 'Later', lab_id: nano.id });
    t.match(await problemOf(computers.change('Later', { is_bench: true })), {
      status: 409,
      detail: /Enrol Later first/,
    });
    for (const make of [
      () => computers.create({ computer_name: '4711', lab_id: nano.id }),
      () => enrolComputer(lab, ada, nano.id, '4711'),
    ])
      t.match(await problemOf(make()), { status: 422, detail: /digits alone/ });
  });

  await t.test('it sees open merge requests of its lab, and fetches their heads', async (t) => {
    const { client, token } = await bench(lab, 'Reader');
    const stream = await readEvents(t, lab.url, bearer(token));
    const id = await define(lab, 'Seen');
    const mr = await propose(ben, id, 'Seen', 2);
    const first = await ben.client.definitions.create({
      ...{ name: 'FirstSeen', source_code: measurement('FirstSeen'), lab_id: nano.id },
    });
    const proposal = first.merge_request?.id ?? 0;
    await told(stream, 'merge_request.opened', proposal);
    const { items } = await client.mergeRequests.list();
    t.same(
      items.map((item) => item.id),
      [proposal, mr],
    );
    t.match(await client.mergeRequests.read(mr), { id: mr, bench: { may_run: true, why: null } });
    const clone = await cloneOf(t, lab, 'Seen', { token } as Person);
    for (const [name, number] of [
      ['Seen', mr],
      ['FirstSeen', proposal],
    ] as const) {
      const ref = `refs/merge-requests/${number}/head`;
      const fetched = await gitResult(['fetch', '-q', lab.gitUrl(name, token), ref], {
        cwd: clone.folder,
      });
      t.equal(fetched.code, 0, fetched.stderr);
    }
    await ben.client.mergeRequests.close(mr);
    await told(stream, 'merge_request.closed', mr);
    t.match(await problemOf(client.mergeRequests.read(mr)), { status: 404 });
    t.equal((await client.mergeRequests.list({ definition_id: id })).total, 0);
    t.same((await client.mergeRequests.list({ state: 'closed' })).items, []);
    const gone = await gitResult(
      ['fetch', '-q', lab.gitUrl('Seen', token), `refs/merge-requests/${mr}/head`],
      { cwd: clone.folder },
    );
    t.match(gone.stderr, /couldn't find remote ref/, 'a closed one cannot be fetched');
    const theirs = await dan.client.definitions.create({
      ...{ name: 'Theirs', source_code: measurement('Theirs'), lab_id: other.id, is_public: true },
    });
    await admin.client.labs.addMember(other.id, ben.id, 'contributor');
    const foreign = await propose(ben, theirs.id, 'Theirs', 2);
    t.match(await problemOf(client.mergeRequests.read(foreign)), { status: 404 });
    t.match(await problemOf(post(client, foreign, 'success')), { status: 404 });
    t.equal((await client.mergeRequests.list({ definition_id: theirs.id })).total, 0);
  });

  await t.test('it posts the check tests for the head that it saw, and nothing else', async (t) => {
    const { client } = await bench(lab, 'Poster');
    const id = await define(lab, 'Posted');
    const mr = await propose(ben, id, 'Posted', 2);
    const posted = await post(client, mr, 'failure', { summary: '1 of 2 failed' });
    t.match(posted, { account: 'computer:Poster', standing: true, required: false });
    t.match(posted.details?.items[1], { difference: 'sent *RST<U+0000>, expected *CLS' });
    t.match(posted.details?.environment, details.environment);
    const [entry] = (await ada.client.audit({ per_page: 1 })).items;
    t.match(entry, { actor: 'computer:Poster', after: { details: { passed: 1, failed: 1 } } });
    await post(client, mr, 'success');
    const mine = (checks: { name: string }[]) => checks.filter(({ name }) => name === 'tests');
    t.match(mine((await look(mr)).checks), [{ state: 'success' }], 'the later result replaces it');
    const { head } = await look(mr);
    await propose(ben, id, 'Posted', 3);
    t.same(mine((await look(mr)).checks), [], 'a new head has no result');
    t.match(await problemOf(post(client, mr, 'success', { head })), { status: 409 });
    t.match(await problemOf(post(client, mr, 'success')), {
      status: 422,
      detail: /head is required/,
    });
    const now = (await look(mr)).head;
    const wrong: [change: object, answer: object][] = [
      [{ name: 'build', details: undefined }, { status: 403 }],
      [{ details: { ...details, more: 1 } }, { status: 422, errors: [{ path: 'details.more' }] }],
      [{ details: { items: [] } }, { status: 422 }],
      [
        { details: { ...details, items: [{ name: 'x', state: 'success', seconds: 1 }] } },
        { status: 422 },
      ],
      [
        {
          details: {
            ...details,
            items: [1, 2, 3].map((n) => ({
              ...{ name: `t${n}`, state: 'passed', seconds: 1, message: 'x'.repeat(90_000) },
            })),
          },
        },
        { status: 413 },
      ],
    ];
    for (const [change, answer] of wrong)
      t.match(await problemOf(post(client, mr, 'success', { head: now, ...change })), answer);
    for (const { client } of [ada, ben, admin]) {
      t.match(await problemOf(post(client, mr, 'success', { head: now })), {
        status: 403,
        detail: /Only a bench computer/,
      });
      for (const name of ['Tests', 'test\u0455', 't-e-s-t-s'])
        t.match(
          await problemOf(client.mergeRequests.check(mr, { name, state: 'success', head: now })),
          { status: 422, errors: [{ path: 'name' }] },
        );
      const more = { name: 'build', state: 'success' as const, head: now, details };
      t.match(await problemOf(client.mergeRequests.check(mr, more)), {
        status: 422,
        errors: [{ path: 'details' }],
      });
    }
  });

  await t.test(
    'a required check of @bench counts only while its computer is a bench',
    async (t) => {
      const { labs, computers } = ada.client;
      for (const required_checks of [
        { tests: ben.id },
        { Tests: '@bench' },
        { build: '@bench' },
      ] as const)
        t.match(await problemOf(labs.change(nano.id, { required_checks })), { status: 422 });
      t.match(
        await labs.change(nano.id, { required_checks: { tests: '@bench' }, required_approvals: 0 }),
        {
          required_checks: { tests: '@bench' },
        },
      );
      const worker = await bench(lab, 'Worker');
      const id = await define(lab, 'Required', { override: 'first' });
      const mr = await propose(ben, id, 'Required', 2);
      t.match(await look(mr), {
        can_merge: false,
        blockers: [/"tests" is missing: a bench computer/],
      });
      const { head } = await look(mr);
      t.match(await problemOf(ada.client.mergeRequests.merge(mr, { head })), { status: 409 });
      await post(worker.client, mr, 'failure');
      t.match(await look(mr), { blockers: [/"tests" of Worker is "failure"/] });
      await post(worker.client, mr, 'success');
      t.match(await look(mr), { can_merge: true, blockers: [] });

      await computers.change('Worker', { is_bench: false });
      const lost = await look(mr);
      t.match(lost, { can_merge: false, blockers: [/result of Worker does not count/] });
      t.match(
        lost.checks.find(({ name }) => name === 'tests'),
        { state: 'success', standing: false, required: false },
        'the result stays as history',
      );
      await computers.change('Worker', { is_bench: true });
      t.match(await look(mr), { can_merge: false }, 'and does not count again');
      await post(worker.client, mr, 'success');
      t.match(await look(mr), { can_merge: true });

      const again = await enrolComputer(lab, ada, nano.id, 'Worker');
      t.match(await look(mr), { can_merge: false }, 'a new enrolment ends the right');
      t.match(await problemOf(post(again.client, mr, 'success')), { status: 403 });
      t.match(await problemOf(worker.client.mergeRequests.list()), { status: 401 });
      await computers.change('Worker', { is_bench: true });
      await post(again.client, mr, 'success');
      t.match(await look(mr), { can_merge: true });
      await computers.remove('Worker');
      t.match(await look(mr), { can_merge: false }, 'so does a deletion');

      const mover = await bench(lab, 'Mover');
      await post(mover.client, mr, 'success');
      const both = await lab.person(`both-${nano.id}`);
      await admin.client.labs.addMember(nano.id, both.id, 'admin');
      await admin.client.labs.addMember(other.id, both.id, 'admin');
      await both.client.computers.change('Mover', { lab_id: other.id });
      t.match(await computers.list({ computer_name: 'Mover' }), { total: 0 });
      t.match(await both.client.computers.read('Mover'), { is_bench: false }, 'and a move');
      t.match(await look(mr), { can_merge: false });

      const stays = await bench(lab, 'Stays');
      await post(stays.client, mr, 'success');
      await both.client.labs.change(other.id, {
        required_checks: { tests: '@bench' },
        required_approvals: 0,
      });
      await both.client.definitions.change(id, { lab_id: other.id });
      t.match(await both.client.mergeRequests.read(mr), {
        can_merge: false,
        checks: { 4: { name: 'tests', standing: false } },
      });
      t.match(await problemOf(post(stays.client, mr, 'success')), { status: 404 });
      await both.client.definitions.change(id, { lab_id: nano.id });
      t.match(await look(mr), { can_merge: true });
      t.match(await ada.client.mergeRequests.merge(mr, { head }), { state: 'merged' });
      t.match(await problemOf(stays.client.mergeRequests.read(mr)), { status: 404 });
      const under = (await ada.client.definitions.version(id, 2)).landed_under;
      t.same(under?.required_checks, { tests: '@bench' });
      await labs.change(nano.id, { required_checks: {}, required_approvals: 1 });
    },
  );

  await t.test('benches test versions, and the newest result of each one counts', async (t) => {
    const one = await bench(lab, 'One');
    const two = await bench(lab, 'Two');
    const id = await define(lab, 'Tested', { is_public: true });
    const run = (who: TestComputer, state: 'success' | 'failure', python = '3.13.1', n = 1) =>
      who.client.definitions.postResult(id, n, {
        state,
        details: {
          items: [
            { name: 'tests/connect.jsonl', state: 'passed', seconds: 0.1 },
            { name: 'tests/test_x.py::test_a', state: 'passed', seconds: 0.1 },
            { name: 'simulator', state: 'passed', seconds: 0.1 },
            {
              ...{ name: 'tests/sweep.jsonl', state: 'failed', seconds: 0.1 },
              message: 'File "/home/ada/Tested.py" on Two',
            },
          ],
          environment: { python, packages: {} },
        },
      });
    const tested = async (who = ada) => (await who.client.definitions.read(id)).tested;
    t.equal(await tested(), null);
    const first = await run(one, 'success');
    t.match(first, { computer_name: 'One', standing: true, masked: false });
    t.match(await tested(), {
      ...{ state: 'success', items: 4, computers: 1, since: first.created_at },
      kinds: { recordings: 2, functions: 1, simulator: true },
    });
    const second = await run(two, 'success');
    t.match(await tested(), { computers: 2, last_run: second.created_at, since: second.since });
    const again = await run(one, 'success');
    t.equal(again.since, first.since, 'green since the first success');
    t.match(await tested(), { since: second.since, last_run: again.created_at });
    const broken = await run(two, 'failure', '3.14.0');
    t.match(await tested(dan), { state: 'failure', computers: 2, since: broken.since });
    const found = await dan.client.definitions.list({ q: 'Tested' });
    t.match(found.items[0], { name: 'Tested', tested: { state: 'failure', computers: 2 } });
    const { items } = await ben.client.definitions.results(id, 1);
    t.match(
      items.map((result) => [
        result.computer_name,
        result.standing,
        result.details.environment.python,
      ]),
      [
        ['Two', true, '3.14.0'],
        ['One', true, '3.13.1'],
        ['Two', false, '3.13.1'],
        ['One', false, '3.13.1'],
      ],
    );
    t.same((await dan.client.definitions.results(id, 1)).items, [], 'others see no results');
    t.match(await problemOf(run(one, 'success', '3.13.1', 2)), { status: 404 });
    t.match(await problemOf(dan.client.definitions.results(id, 2)), { status: 404 });

    await ada.client.computers.change('Two', { is_bench: false });
    t.match(await tested(), { state: 'success', computers: 1 }, 'a lost right counts no more');
    t.equal((await ben.client.definitions.results(id, 1)).total, 4, 'its results stay');
    t.match(await problemOf(run(two, 'success')), { status: 403 });
    await ada.client.definitions.change(id, { source_code: measurement('Tested', 2) });
    t.equal(await tested(), null, 'a new version is not tested');
    t.match((await ada.client.definitions.read(id, 1)).tested, { state: 'success' });

    const both = await lab.person('mover');
    await admin.client.labs.addMember(nano.id, both.id, 'admin');
    await admin.client.labs.addMember(other.id, both.id, 'admin');
    await both.client.definitions.change(id, { lab_id: other.id });
    t.equal((await dan.client.definitions.read(id, 1)).tested, null, "another lab's do not count");
    const theirs = (await dan.client.definitions.results(id, 1)).items;
    t.match(theirs[1], { masked: true, computer_name: null, standing: false });
    t.equal(theirs[0]?.details.items[3]?.message, 'File "…" on …');
    t.match(await problemOf(run(one, 'success')), { status: 403 }, 'only the owning lab tests it');
    await both.client.definitions.change(id, { lab_id: nano.id });
    for (let n = 0; n < 21; n++) await run(one, 'success');
    t.equal((await ben.client.definitions.results(id, 1)).total, 22, '20 of One and 2 of Two');
  });

  await t.test('a lab restricts runs to the changes of people whom it names', async (t) => {
    const { client } = await bench(lab, 'Careful');
    const { labs } = ada.client;
    t.match(await problemOf(labs.change(nano.id, { bench_authors: [dan.id] })), {
      status: 422,
      errors: [{ path: 'bench_authors' }],
    });
    await labs.change(nano.id, { bench_authors: [ada.id], required_checks: { tests: '@bench' } });
    const id = await define(lab, 'Restricted', { override: 'first' });
    const mr = await propose(ben, id, 'Restricted', 2);
    const page = await client.mergeRequests.read(mr);
    t.match(page, { bench: { may_run: false, why: /do not name ben\.$/ } });
    t.match(page.blockers.join(), /"tests" is missing: .* do not name ben/);
    t.match(await problemOf(post(client, mr, 'success')), { status: 403, detail: /bench_authors/ });
    await labs.change(nano.id, { bench_authors: [ada.id, ben.id] });
    t.match(await post(client, mr, 'success'), { required: true, standing: true });
    await labs.change(nano.id, { bench_authors: null, required_checks: {} });
  });
}

for (const database of DATABASES) {
  await t.test(database, (t) => story(t, database));
}
