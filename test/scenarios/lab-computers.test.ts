/**
 * Enrolling computers and binding instruments: who may do it, what each caller sees, and what the audit trail records.
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { git, gitResult } from '../helpers/git.ts';
import { enrolComputer, startLab } from '../helpers/lab.ts';
import { DATABASES, type DatabaseKind, measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

const status = (status: number, message?: RegExp) =>
  ({ status, ...(message && { message }) }) as never;

for (const database of DATABASES) {
  await t.test(database, (t) => story(t, database));
}

async function story(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database });
  const { ada, ben, cleo, dan, admin, nano, other } = lab;
  const meter = await ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  const actionsOf = async (subject_type: string) =>
    (await admin.client.audit({ subject_type })).items.map(({ action, actor }) => [action, actor]);

  await t.test(
    'a code enrols one computer once; its token works for the API and git',
    async (t) => {
      const { code, expires_at } = await ada.client.computers.createCode(nano.id);
      t.match(code, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){7}$/);
      t.ok(Date.parse(expires_at) > Date.now());
      const about = {
        computer_name: 'LABPC-01',
        computer_id: '42',
        username: 'ann',
        os: 'Windows',
      };
      const read = code.toLowerCase().replaceAll('-', ' ');
      const { token, computer, signing_keys } = await lab.anonymous.computers.enrol({
        code: read,
        ...about,
      });
      t.match(computer, { lab_id: nano.id, ...about, enrolled_at: /Z$/, last_seen: /Z$/ });
      t.match(signing_keys, [{ public_key: /^ssh-ed25519 / }]);
      const client = createClient({ url: lab.url, token });
      t.match((await client.definitions.list()).items, [{ name: 'Meter' }]);
      t.match((await client.computers.list()).items, [about]);
      const clone = join(t.testdir(), 'clone');
      await git(['clone', '-q', lab.gitUrl('Meter', token), clone]);
      const pushed = await gitResult(['push', '-q', 'origin', 'HEAD:refs/for/main'], {
        cwd: clone,
      });
      t.match(pushed.stderr, /computer/, 'a computer cannot push');
      await t.rejects(lab.anonymous.computers.enrol({ code, ...about }), status(403, /a new code/));
    },
  );

  await t.test('enrolling again ends the old token, and names ignore case', async (t) => {
    const first = await enrolComputer(lab, ada, nano.id, 'labpc-02');
    const second = await enrolComputer(lab, ada, nano.id, 'LABPC-02');
    t.equal(second.id, first.id);
    await t.rejects(first.client.computers.list(), status(401));
    t.match((await second.client.computers.list()).items, [{ computer_name: 'LABPC-02' }]);
  });

  await t.test('a name of another lab is refused, and the code stays valid', async (t) => {
    const { code } = await dan.client.computers.createCode(other.id);
    await t.rejects(
      lab.anonymous.computers.enrol({ code, computer_name: 'LabPC-01' }),
      status(409, /already/),
    );
    const { computer } = await lab.anonymous.computers.enrol({ code, computer_name: 'COLD-01' });
    t.equal(computer.lab_id, other.id);
    await t.rejects(dan.client.computers.create({ computer_name: 'labpc-01' }), status(409));
  });

  await t.test('only admins of the lab create codes, and expired ones are refused', async (t) => {
    await t.rejects(ben.client.computers.createCode(nano.id), status(403));
    await t.rejects(cleo.client.computers.createCode(nano.id), status(403));
    await t.rejects(dan.client.computers.createCode(nano.id), status(404));
    await t.rejects(lab.anonymous.computers.createCode(nano.id), status(401));
    const { code } = await ada.client.computers.createCode(nano.id);
    await lab.deps.store.em().execute(`update enrolment_codes set expires_at = now()`);
    await t.rejects(
      lab.anonymous.computers.enrol({ code, computer_name: 'LABPC-09' }),
      status(403),
    );
  });

  const pc = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const pc2 = await enrolComputer(lab, ada, nano.id, 'LABPC-02');
  const cold = await enrolComputer(lab, dan, other.id, 'COLD-01');

  await t.test('instruments: members of the lab see them, its admins change them', async (t) => {
    const { instruments } = ada.client;
    const made = await instruments.create({
      name: 'Main Meter',
      definition_id: meter.id,
      serial_number: 'S1',
      specifications: { range: 10 },
    });
    t.match(made, {
      lab_id: nano.id,
      status: 'available',
      pybirch_class: 'Meter',
      instrument_type: 'measurement',
      definition: { name: 'Meter', version: 1 },
      bindings: [],
    });
    t.match(await instruments.change(made.id, { status: 'in_use' }), {
      status: 'in_use',
      serial_number: 'S1',
    });
    await t.rejects(
      instruments.change(made.id, { ...made, status: 'retired' }),
      status(422, /^id is not accepted here/),
      'fields that only the registry writes cannot be sent',
    );
    for (const { client } of [ben, cleo, pc, admin]) {
      t.match(await client.instruments.read(made.id), { name: 'Main Meter' });
      t.equal((await client.instruments.list({ q: 'main' })).total, 1);
    }
    for (const { client } of [dan, cold]) {
      await t.rejects(client.instruments.read(made.id), status(404));
      await t.rejects(client.instruments.change(made.id, { name: 'Mine' }), status(404));
      t.equal((await client.instruments.list()).total, 0);
    }
    for (const { client } of [ben, cleo, pc]) {
      await t.rejects(client.instruments.change(made.id, { name: 'Mine' }), status(403));
      await t.rejects(client.instruments.create({ name: 'X', lab_id: nano.id }), status(403));
      await t.rejects(client.instruments.remove(made.id), status(403));
    }
    await t.rejects(lab.anonymous.instruments.list(), status(401));
    const { items } = await instruments.list({ definition_id: meter.id, status: 'in_use' });
    t.match(items, [{ id: made.id }]);
  });

  await t.test(
    'an instrument needs a definition that its lab may use and an existing version',
    async (t) => {
      const create = (body: object) => ada.client.instruments.create({ name: 'X', ...body });
      const foreign = await dan.client.definitions.create({
        name: 'Cold',
        source_code: measurement('Cold'),
      });
      await t.rejects(create({ definition_id: foreign.id }), status(422, /no such definition/));
      const of = { name: 'X', lab_id: nano.id, definition_id: foreign.id };
      await t.rejects(admin.client.instruments.create(of), status(422, /another lab/));
      await t.rejects(create({ pinned_version: 1 }), status(422, /needs a definition/));
      const pin = { definition_id: meter.id, pinned_version: 7 };
      await t.rejects(create(pin), status(422, /no version 7/));
      await t.rejects(create({ lab_id: other.id }), status(404));
      await t.rejects(
        admin.client.instruments.create({ name: 'X' }),
        status(422, /the lab/),
        'a caller with several labs must name one',
      );
    },
  );

  const [main] = (await ada.client.instruments.list()).items;
  if (!main) throw new Error('made above');
  const second = await ada.client.instruments.create({ name: 'Second Meter' });

  await t.test(
    'an admin can bind before the computer is enrolled; the first binding is primary',
    async (t) => {
      const made = await ada.client.instruments.bind(main.id, 'LABPC-77', { adapter: 'GPIB::8' });
      t.match(made, {
        instrument_id: main.id,
        computer_name: 'LABPC-77',
        adapter: 'GPIB::8',
        is_primary: true,
        last_connected: null,
        last_settings: {},
        instrument: { name: 'Main Meter', definition: { name: 'Meter' } },
      });
      const later = await enrolComputer(lab, ada, nano.id, 'labpc-77');
      t.match((await later.client.computers.bindings('LABPC-77')).items, [{ id: made.id }]);
      await ada.client.computers.remove(later.id);
      await t.rejects(later.client.computers.list(), status(401), 'its token stops working');
      t.equal((await ada.client.bindings.list()).total, 0, 'its bindings are deleted too');
    },
  );

  await t.test('a computer finds its instruments in the expected shape', async (t) => {
    await ada.client.instruments.bind(main.id, 'LABPC-01', { adapter: 'GPIB::8::INSTR' });
    const settings = { sensitivity: 1e-6, nested: { on: true } };
    const typed = await pc.client.instruments.bind(main.id, 'LABPC-01', {
      adapter: 'GPIB::9::INSTR',
      adapter_type: 'GPIB',
      last_settings: settings,
    });
    t.equal(typed.last_connected, null, 'entering an address is not a connection');
    const at = new Date(Date.now() - 1000).toISOString();
    const bound = await pc.client.instruments.bind(main.id, 'LABPC-01', { last_connected: at });
    t.equal(bound.last_connected, at, 'the computer reports a connection');
    const { items } = await pc.client.computers.bindings('labpc-01');
    t.match(items, [
      {
        instrument: {
          id: main.id,
          name: 'Main Meter',
          definition_id: meter.id,
          definition: { name: 'Meter', version: 1, source_code: measurement('Meter') },
        },
        adapter: 'GPIB::9::INSTR',
        adapter_type: 'GPIB',
        computer_id: '8796756',
        last_settings: settings,
      },
    ]);
    const edited = await ada.client.instruments.bind(main.id, 'LABPC-01', { adapter: 'GPIB::8' });
    t.equal(edited.last_connected, bound.last_connected, 'editing a form is not a connection');
    t.same(edited.last_settings, settings);
    const ahead = new Date(Date.now() + 4e10).toISOString();
    const { last_connected } = await pc.client.instruments.bind(main.id, 'LABPC-01', {
      last_connected: ahead,
    });
    t.ok(Date.parse(last_connected ?? '') <= Date.now(), 'a time in the future is not stored');
  });

  await t.test('a computer changes its own bindings and sees no others', async (t) => {
    await t.rejects(pc2.client.instruments.bind(main.id, 'LABPC-01', {}), status(404));
    await t.rejects(pc2.client.instruments.bind(main.id, 'NEW-PC', {}), status(404));
    await t.rejects(pc2.client.computers.bindings('LABPC-01'), status(404));
    await t.rejects(cold.client.instruments.bind(main.id, 'COLD-01', {}), status(404));
    await t.rejects(ben.client.instruments.bind(main.id, 'LABPC-01', {}), status(403));
    await t.rejects(dan.client.computers.bindings('LABPC-01'), status(404));
    const coldInstrument = await dan.client.instruments.create({ name: 'Cold Meter' });
    await t.rejects(dan.client.instruments.bind(coldInstrument.id, 'LABPC-01', {}), status(409));
    const [seen] = (await cleo.client.bindings.list()).items;
    t.match(seen, { computer_name: 'LABPC-01' });
    t.equal((await pc2.client.bindings.list()).total, 0);
    await t.rejects(pc2.client.bindings.read(seen?.id ?? 0), status(404));
    await t.rejects(pc2.client.bindings.remove(seen?.id ?? 0), status(404));
    await t.rejects(cleo.client.bindings.remove(seen?.id ?? 0), status(403));
    t.match(await pc.client.bindings.read(seen?.id ?? 0), { computer_name: 'LABPC-01' });
    const [place] = (await pc2.client.instruments.read(main.id)).bindings;
    t.equal(place, undefined, 'the binding is not visible through the instrument either');
  });

  await t.test('an instrument has at most one primary binding, also under races', async (t) => {
    t.match(await pc2.client.instruments.bind(main.id, 'LABPC-02', {}), { is_primary: false });
    await Promise.all(
      [pc, pc2, pc, pc2].map(({ client, name }) =>
        client.instruments.bind(main.id, name, { is_primary: true }),
      ),
    );
    const { items } = await ada.client.bindings.list({ instrument_id: main.id });
    t.equal(items.filter(({ is_primary }) => is_primary).length, 1);
    t.equal(items.length, 2);
    const again = { instrument_id: main.id, computer_name: 'LABPC-02' };
    await t.rejects(ada.client.bindings.create(again), status(409, /already/));
  });

  await t.test('an unknown object creates an instrument, once', async (t) => {
    const body = { key: 'k1', name: 'New Meter', pybirch_class: 'Meter', definition_id: meter.id };
    const made = await pc.client.computers.bindNew('LABPC-01', { ...body, adapter: 'USB0' });
    t.match(made, {
      key: 'k1',
      instrument: { name: 'New Meter', lab_id: nano.id },
      adapter: 'USB0',
    });
    const again = await pc.client.computers.bindNew('LABPC-01', { ...body, adapter: 'USB1' });
    t.match(again, { id: made.id, instrument_id: made.instrument_id, adapter: 'USB1' });
    await t.rejects(pc2.client.computers.bindNew('LABPC-01', body), status(404));
    await ada.client.instruments.remove(made.instrument_id);
    await t.rejects(
      pc.client.bindings.read(made.id),
      status(404),
      'the binding was deleted with the instrument',
    );
  });

  await t.test(
    'a pin holds until its version is revoked; then the newest valid version is used',
    async (t) => {
      const { definitions, instruments } = ada.client;
      const versionNow = async () => {
        const { items } = await pc.client.computers.bindings('LABPC-01');
        const { version, source_code } = items[0]?.instrument.definition ?? {};
        return { version, source_code };
      };
      await definitions.change(meter.id, { source_code: measurement('Meter', 2) });
      await instruments.change(main.id, { pinned_version: 1 });
      t.same(await versionNow(), { version: 1, source_code: measurement('Meter', 1) });
      await definitions.change(meter.id, { source_code: measurement('Meter', 3) });
      await definitions.revoke(meter.id, 1, 'burns samples');
      t.same(await versionNow(), { version: 3, source_code: measurement('Meter', 3) });
      await definitions.revoke(meter.id, 3, 'worse');
      t.same(await versionNow(), { version: 2, source_code: measurement('Meter', 2) });
      await t.rejects(instruments.change(main.id, { pinned_version: 3 }), status(409, /worse/));
      await instruments.change(main.id, { pinned_version: null });
    },
  );

  await t.test('a bound definition cannot be archived', async (t) => {
    await t.rejects(
      ada.client.definitions.archive(meter.id),
      status(409, /Main Meter on LABPC-01, Main Meter on LABPC-02/),
    );
    t.match(await ada.client.definitions.read(meter.id), { is_archived: false });
    for (const { id } of (await ada.client.bindings.list()).items) {
      await ada.client.bindings.remove(id);
    }
    await ada.client.definitions.archive(meter.id);
    await t.rejects(ada.client.instruments.bind(main.id, 'LABPC-01', {}), status(409, /archived/));
    await ada.client.definitions.restore(meter.id);
  });

  await t.test('a bound definition stays in its lab', async (t) => {
    await admin.client.labs.addMember(other.id, ada.id, 'admin');
    await ada.client.instruments.bind(second.id, 'LABPC-02', {});
    const to = { lab_id: other.id };
    await t.rejects(ada.client.instruments.change(second.id, to), status(409, /LABPC-02/));
    await t.rejects(ada.client.computers.change(pc2.id, to), status(409, /bound/));
    await t.rejects(ada.client.instruments.change(main.id, to), status(422, /another lab/));
    t.match(await ada.client.computers.change(pc.id, to), { lab_id: other.id });
    t.match(await ada.client.computers.change(pc.id, { lab_id: nano.id }), { lab_id: nano.id });
    await t.rejects(
      ada.client.computers.change(pc.id, { computer_name: 'OTHER' }),
      status(422, /Enrol the computer/),
    );
    t.match(await ada.client.computers.change(pc.id, { nickname: 'Left bench' }), {
      nickname: 'Left bench',
    });
    await t.rejects(admin.client.labs.remove(nano.id), status(409));
    await admin.client.labs.removeMember(other.id, ada.id);
  });

  await t.test('the audit trail has every write and no telemetry', async (t) => {
    const before = (await admin.client.audit()).total;
    await pc2.client.instruments.bind(second.id, 'LABPC-02', {
      last_settings: { gain: 2 },
      last_connected: new Date().toISOString(),
    });
    await pc2.client.definitions.list();
    t.equal((await admin.client.audit()).total, before);
    await pc2.client.instruments.bind(second.id, 'LABPC-02', { adapter: 'USB7' });
    t.match((await admin.client.audit({ action: 'binding.changed' })).items[0], {
      actor: 'computer:LABPC-02',
      actor_id: null,
      lab_id: nano.id,
      subject: 'Second Meter on LABPC-02',
      before: { adapter: null },
      after: { adapter: 'USB7' },
    });
    t.match((await actionsOf('computer')).at(-1), ['computer.enrolled', 'computer:LABPC-01']);
    t.match((await actionsOf('instrument')).at(-1), ['instrument.created', 'ada']);
    t.match((await actionsOf('enrolment_code')).at(-1), ['enrolment_code.created', 'ada']);
  });

  await t.test('a computer can act only for itself', async (t) => {
    const { client, token } = pc;
    const answer = async (method: string, path: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${lab.url}${path}`, { method, headers })).status;
    };
    t.equal(await answer('GET', '/api/auth/me'), 403);
    t.equal(await answer('GET', '/api/tokens'), 403);
    t.equal(await answer('GET', '/api/users'), 403);
    t.equal(await answer('GET', '/api/labs'), 403);
    t.equal(await answer('GET', `/api/labs/${nano.id}/members`), 404);
    t.equal(await answer('GET', `/api/labs/${other.id}`), 404);
    t.equal(await answer('GET', '/api/audit'), 403);
    t.equal(await answer('DELETE', `/api/instrument-definitions/${meter.id}`), 403);
    t.equal(await answer('GET', '/api/merge-requests/1'), 403);
    t.same((await fetch(`${lab.url}/api/merge-requests`)).status, 401);
    await t.rejects(client.definitions.byName('Cold'), status(404));
    await admin.client.labs.change(nano.id, { disabled: true });
    t.equal(
      await answer('GET', '/api/computers'),
      401,
      'a computer of a disabled lab cannot sign in',
    );
    await admin.client.labs.change(nano.id, { disabled: false });
  });
}

t.test('after twenty wrong codes all codes must wait, even valid ones', async (t) => {
  let now = Date.now();
  const lab = await startLab(t, { now: () => now });
  const { code } = await lab.ada.client.computers.createCode(lab.nano.id);
  const enrol = (code: string) =>
    lab.anonymous.computers.enrol({ code, computer_name: 'LABPC-01' });
  for (let i = 0; i < 20; i++) await t.rejects(enrol(`AAAA-${i}`), status(403));
  await t.rejects(enrol('AAAA'), status(429, /15 minutes/));
  await t.rejects(enrol(code), status(429));
  now += 16 * 60 * 1000;
  t.match(await enrol(code), { computer: { computer_name: 'LABPC-01' } });
});
