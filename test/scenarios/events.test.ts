/** Several people read the event stream while others act. Tests who gets which events, and for how long. */
import t, { type Test } from 'tap';
import type { MergeRequestPage } from '../../registry/schemas/review.ts';
import { bearer, type EventReader, readEvents } from '../helpers/events.ts';
import { enrolComputer, startLab, type TestLab } from '../helpers/lab.ts';
import { DATABASES, type DatabaseKind, measurement, type Person } from '../helpers/registry.ts';

t.setTimeout(240_000);

/** The events that a reader has received, in order, such as `definition.landed Meter`. */
const namesOf = ({ events }: EventReader): string[] =>
  events.map(({ kind, data }) => {
    const { definition, change } = data as { definition?: { name: string }; change?: string };
    return [kind, definition?.name, change].filter(Boolean).join(' ');
  });

/** Resolves when the readers have received all earlier events. Events arrive in order. */
async function waitForAll(readers: EventReader[], at: number): Promise<void> {
  for (const reader of readers) while (reader.lastId() < at) await reader.next();
}

async function ask<T>(lab: TestLab, person: Person, method: string, path: string, body?: object) {
  const response = await fetch(lab.url + path, {
    method,
    headers: { ...bearer(person.token), ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as T;
}

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`everybody gets the events that they may see, in order (${database})`, (t) =>
    whoSees(t, database),
  );
  t.test(`a reader that reconnects gets the events that it missed (${database})`, (t) =>
    comingBack(t, database),
  );
}
for (const database of DATABASES) {
  t.test(`losing a right ends the events of it (${database})`, (t) => whoSeesNoMore(t, database));
  t.test(`computers get the events that concern them (${database})`, (t) =>
    atComputers(t, database),
  );
}

async function whoSees(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database });
  const { admin, ada, ben, cleo, dan, nano, url } = lab;
  const people = { admin, ada, ben, cleo, dan };
  const open = Object.values(people).map(({ token }) => readEvents(t, url, bearer(token)));
  const readers = await Promise.all(open);
  const [root, adas, bens, cleos, dans] = readers as [
    EventReader,
    EventReader,
    EventReader,
    EventReader,
    EventReader,
  ];
  t.match(root.response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });

  const { definitions } = ada.client;
  const meter = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  t.match(await adas.next(), {
    kind: 'definition.landed',
    data: {
      definition: { id: meter.id, name: 'Meter' },
      version: 1,
      commit: meter.head,
      lab_id: nano.id,
      summary: 'Add Meter',
      by: 'ada',
    },
  });

  const D = '/api/instrument-definitions';
  const M = '/api/merge-requests';
  const change = { source_code: measurement('Meter', 2) };
  type Saved = { merge_request: { id: number } };
  const { merge_request: mr } = await ask<Saved>(lab, ben, 'PUT', `${D}/${meter.id}`, change);
  const page = await ask<MergeRequestPage>(lab, ada, 'GET', `${M}/${mr.id}`);
  await ask(lab, ada, 'POST', `${M}/${mr.id}/comments`, { body: 'why two?' });
  await ask(lab, ada, 'POST', `${M}/${mr.id}/reviews`, { verdict: 'approve', head: page.head });
  await ask(lab, ada, 'POST', `${M}/${mr.id}/merge`, { head: page.head });
  const second = await ask<Saved>(lab, ben, 'PUT', `${D}/${meter.id}`, { category: 'Meters' });
  await ask(lab, ben, 'PUT', `${M}/${second.merge_request.id}`, { title: 'File it' });
  await ask(lab, ben, 'POST', `${M}/${second.merge_request.id}/close`);
  await definitions.revoke(meter.id, 1, 'reads one\nthough it should not');
  await ada.client.labs.change(nano.id, { direct_landing: 'nobody' });
  await definitions.change(meter.id, { category: 'Bench', override: 'the beam is on' } as never);
  await definitions.change(meter.id, { is_public: true });
  await definitions.archive(meter.id);
  const shared = await dan.client.definitions.create({
    name: 'Shared',
    source_code: measurement('Shared'),
    is_public: true,
  });
  t.equal(shared.version, 1);
  const { items } = await admin.client.audit();
  await waitForAll(readers, items.find(({ action }) => action === 'definition.landed')?.id ?? 0);

  const everybody = ['definition.changed Meter moved', 'definition.changed Meter archived'];
  const viewers = [
    'definition.landed Meter',
    'definition.landed Meter',
    'version.revoked Meter',
    'definition.landed Meter',
    'policy.overridden Meter',
    ...everybody,
    'definition.landed Shared',
  ];
  const contributors = [
    'definition.landed Meter',
    'merge_request.opened Meter opened',
    'merge_request.updated Meter commented',
    'merge_request.updated Meter reviewed',
    'definition.landed Meter',
    'merge_request.merged Meter merged',
    'merge_request.opened Meter opened',
    'merge_request.updated Meter edited',
    'merge_request.closed Meter closed',
    ...viewers.slice(2),
  ];
  t.same(namesOf(root), contributors, 'a site admin');
  t.same(namesOf(adas), contributors, 'an admin of the lab');
  t.same(namesOf(bens), contributors, 'a contributor');
  t.same(namesOf(cleos), viewers, 'a viewer sees no merge request');
  t.same(
    namesOf(dans),
    [...everybody, 'definition.landed Shared'],
    'another lab receives public events',
  );
  const ids = root.events.map(({ id }) => id);
  t.same(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  const late = root.events.map(({ data, read }) => read - Date.parse((data as { at: string }).at));
  t.ok((late.sort((a, b) => a - b)[late.length >> 1] ?? 0) < 1000, `told at once: ${late} ms`);
  t.match(root.events[5]?.data, {
    merge_request: { id: mr.id, state: 'merged', merged_version: 2, head: page.head },
    by: 'ada',
  });
  const revoked = root.events.find(({ kind }) => kind === 'version.revoked');
  t.match(revoked?.data, { version: 1, reason: 'reads one', by: 'ada' });
  await t.rejects(readEvents(t, url, {}), { status: 401 } as unknown as Error);
}

async function whoSeesNoMore(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database, heartbeat: 50 });
  const { admin, ada, ben, cleo, dan, nano, url } = lab;
  const token = (person: Person) => person.client.tokens.create({ name: 'stream', scope: 'read' });
  const session = async ({ username }: Person) => {
    const password = `password of ${username}`;
    const { token } = await lab.anonymous.login(username, password);
    return { cookie: `registry_session=${token}`, session: token };
  };
  const deleted = await token(ben);
  const [left, other] = [await session(ben), await session(ben)];
  const streams = {
    member: await readEvents(t, url, bearer(cleo.token)),
    deleted: await readEvents(t, url, bearer(deleted.token)),
    left: await readEvents(t, url, { cookie: left.cookie }),
    other: await readEvents(t, url, { cookie: other.cookie }),
    token: await readEvents(t, url, bearer(ben.token)),
    disabled: await readEvents(t, url, bearer(dan.token)),
    ada: await readEvents(t, url, bearer(ada.token)),
  };
  const land = async (name: string) => {
    const made = await ada.client.definitions.create({ name, source_code: measurement(name) });
    return made.name;
  };
  const [before] = [await land('Before')];
  for (const reader of [streams.member, streams.deleted, streams.left, streams.other]) {
    t.match(await reader.next(), { data: { definition: { name: before } } });
  }

  await admin.client.labs.removeMember(nano.id, cleo.id);
  await ben.client.tokens.remove(deleted.id);
  await fetch(`${url}/api/auth/logout`, { method: 'POST', headers: bearer(left.session) });
  await admin.client.users.change(dan.id, { disabled: true });
  await land('After');
  await Promise.all([streams.deleted.ended, streams.left.ended, streams.disabled.ended]);
  t.same(namesOf(streams.deleted), ['definition.landed Before'], 'a deleted token');
  t.same(namesOf(streams.left), ['definition.landed Before'], 'an ended session');
  t.same(namesOf(streams.disabled), [], 'a disabled account');
  await waitForAll([streams.ada], (await streams.token.next()).id);
  const after = (await streams.token.next()).id;
  await waitForAll([streams.ada], after);

  await admin.client.users.change(ben.id, { password: 'another password' });
  await streams.other.ended;
  t.pass('a changed password ends sessions');
  await admin.client.labs.addMember(nano.id, cleo.id, 'viewer');
  await land('Again');
  t.match(await streams.member.next(), { data: { definition: { name: 'Again' } } });
  t.same(
    namesOf(streams.member),
    ['definition.landed Before', 'definition.landed Again'],
    'a person who was not a member for a while keeps the stream and missed the events of that time',
  );
  t.match(
    await streams.token.next(),
    { data: { definition: { name: 'Again' } } },
    'a changed password does not end tokens',
  );

  const computer = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const atComputer = await readEvents(t, url, bearer(computer.token));
  const hidden = { name: 'Hidden', source_code: measurement('Hidden'), lab_id: nano.id };
  await admin.client.labs.change(nano.id, { disabled: true });
  await admin.client.definitions.create(hidden);
  await atComputer.ended;
  await admin.client.labs.change(nano.id, { disabled: false });
  await land('Reopened');
  t.match(await streams.member.next(), { kind: 'computer.changed' });
  t.match(await streams.member.next(), { data: { definition: { name: 'Reopened' } } });
  t.same(
    namesOf(atComputer),
    [],
    'nobody gets the events of a disabled lab, not even its computers',
  );

  const quiet = streams.ada.lastId();
  await admin.client.users.change(ada.id, { name: 'Ada L.' });
  await streams.ada.isPast(quiet);
  t.pass('heartbeats raise the last id past events that this reader may not see');
}

async function atComputers(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database });
  const { ada, cleo, dan, nano, url } = lab;
  const [one, two] = [
    await enrolComputer(lab, ada, nano.id, 'LABPC-01'),
    await enrolComputer(lab, ada, nano.id, 'LABPC-02'),
  ];
  const read = (token: string) => readEvents(t, url, bearer(token));
  const [first, second, viewer, stranger] = [
    await read(one.token),
    await read(two.token),
    await read(cleo.token),
    await read(dan.token),
  ];
  const source_code = measurement('Meter');
  const { id } = await ada.client.definitions.create({ name: 'Meter', source_code });
  const { instruments } = ada.client;
  const main = await instruments.create({ name: 'Main', definition_id: id });
  await instruments.bind(main.id, one.name, { adapter: 'GPIB::8' });
  await one.client.instruments.bind(main.id, one.name, { last_settings: { range: 1 } });
  await instruments.change(main.id, { pinned_version: 1 });
  const [binding] = (await ada.client.bindings.list()).items;
  t.ok(binding);
  await ada.client.bindings.remove(binding?.id ?? 0);
  await ada.client.computers.change(two.id, { nickname: 'Beam line' });
  const { id: last } = (await lab.admin.client.audit()).items[0] ?? { id: 0 };
  await ada.client.definitions.change(id, { is_public: true });
  await waitForAll([first, second, viewer, stranger], last + 1);

  const shared = ['definition.landed Meter', 'instrument.changed created'];
  const pinned = 'instrument.changed changed';
  const published = 'definition.changed Meter moved';
  const bound = ['binding.changed created', pinned, 'binding.changed deleted'];
  t.same(namesOf(first), [...shared, ...bound, published], 'a change of settings sends no event');
  t.same(namesOf(second), [...shared, pinned, 'computer.changed changed', published]);
  t.same(namesOf(viewer), [...shared, ...bound, 'computer.changed changed', published]);
  t.same(namesOf(stranger), [published]);
  t.match(first.events[2]?.data, {
    binding: { id: binding?.id, instrument_id: main.id, computer_name: one.name },
    lab_id: nano.id,
    by: 'ada',
  });
  t.match(first.events[3]?.data, { instrument: { definition_id: id, pinned_version: 1 } });

  const again = await enrolComputer(lab, ada, nano.id, one.name);
  await first.ended;
  t.pass('a replaced token cannot read any more');
  const next = await read(again.token);
  await ada.client.computers.remove(again.id);
  await next.ended;
  await waitForAll([viewer], (await lab.admin.client.audit()).items[0]?.id ?? 0);
  t.match(namesOf(viewer).slice(-2), ['computer.changed enrolled', 'computer.changed deleted']);
}

async function comingBack(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database });
  const { ada, cleo, dan, url } = lab;
  const reader = await readEvents(t, url, bearer(cleo.token));
  const made = await ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  const { id: lastSeen } = await reader.next();
  reader.close();
  await reader.ended;
  for (const n of [2, 3, 4]) {
    await ada.client.definitions.change(made.id, { source_code: measurement('Meter', n) });
  }
  const back = (id: string | number, who = cleo) =>
    readEvents(t, url, { ...bearer(who.token), 'last-event-id': String(id) });
  const again = await back(lastSeen);
  await ada.client.definitions.change(made.id, { source_code: measurement('Meter', 5) });
  const versions = [];
  for (let n = 2; n <= 5; n++) versions.push((await again.next()).data);
  t.match(
    versions,
    [2, 3, 4, 5].map((version) => ({ version })),
    'each event once, including those sent meanwhile',
  );
  const stranger = await back(lastSeen, dan);
  t.equal(stranger.lastId(), lastSeen);
  for (const id of [1_000_000, 'nonsense', -1, '1e3', '']) {
    const lost = await back(id);
    t.match(
      await lost.next(),
      { kind: 'reset', data: { reason: /Load the data again/ } },
      `an id such as ${id}`,
    );
  }
  await ada.client.definitions.change(made.id, { is_public: true });
  t.match(
    await stranger.next(),
    { kind: 'definition.changed' },
    'a reconnecting reader receives nothing more',
  );
}
