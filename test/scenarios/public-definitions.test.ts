/**
 * A lab with reviews uses another lab's public definition. The flaw: its computers got each new version at once,
 * without a review by the lab. Verified: the lab's policy `public_definitions` decides whether its computers get new
 * versions, for instruments created before and after the policy was set. The policy does not concern built-in
 * definitions. A warning offers newer versions.
 */
import t, { type Test } from 'tap';
import { OPERATOR } from '../../registry/services/caller.ts';
import { landFirstVersion } from '../../registry/services/definitions/first-version.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { enrolComputer, startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { DATABASES, type DatabaseKind, measurement } from '../helpers/registry.ts';

for (const database of DATABASES) {
  t.test(database, (t) => story(t, database));
}

async function story(t: Test, database: DatabaseKind) {
  const lab = await startLab(t, { database });
  const { ada, dan, nano, deps } = lab;
  const pc = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const share = async (name: string) =>
    (await dan.client.definitions.create({ name, source_code: measurement(name), is_public: true }))
      .id;
  const [shared, another] = [await share('Shared'), await share('Another')];
  const files = new Map([['Shipped.py', Buffer.from(measurement('Shipped'))]]);
  const flags = { isPublic: true, isBuiltin: true, lab: null, overrides: [] };
  const shipped = await landFirstVersion(deps, OPERATOR, {
    name: 'Shipped',
    files,
    summary: 'Ship',
    ...flags,
  });
  const { instruments, labs } = ada.client;
  const make = async (name: string, definition_id: number) => {
    const made = await instruments.create({ name, definition_id });
    await instruments.bind(made.id, 'LABPC-01', { adapter: name });
    return made;
  };
  const next = (id: number, name: string, value: number) =>
    dan.client.definitions.change(id, { source_code: measurement(name, value) });
  const syncList = async (query = {}) => {
    const { definitions, warnings } = await pc.client.sync.list(query);
    return { got: definitions.map(({ name, version }) => `${name} v${version}`), warnings };
  };

  const main = await make('Main', shared);
  await make('Old', shipped.definition.id);
  await next(shared, 'Shared', 2);
  t.match(
    await syncList(),
    { got: ['Shared v2', 'Shipped v1'], warnings: [] },
    'it follows by default',
  );
  t.equal((await labs.read(nano.id)).public_definitions, 'follow');

  const before = (await pc.client.sync.list()).generation;
  await labs.change(nano.id, { public_definitions: 'pin' });
  t.not((await pc.client.sync.list()).generation, before, 'computers receive a new list');
  t.equal((await instruments.read(main.id)).pinned_version, 2, 'the version in use is pinned');
  await next(shared, 'Shared', 3);
  t.match(await syncList(), {
    got: ['Shared v2', 'Shipped v1'],
    warnings: [/Main stays at version 2 of Shared.*Version 3 is available/],
  });
  const bindings = await ada.client.computers.bindings('LABPC-01');
  t.match(
    bindings.items.find(({ instrument }) => instrument.name === 'Main'),
    {
      instrument: { definition: { version: 2 } },
    },
  );
  t.match(
    await syncList({ names: 'Another' }),
    { got: ['Shared v2', 'Shipped v1'] },
    'asking by name does not help',
  );
  const later = await make('Later', another);
  t.equal(later.pinned_version, 1, 'a new instrument is pinned to the version that its admin sees');
  await next(another, 'Another', 2);
  t.match(await syncList(), { got: ['Another v1', 'Shared v2', 'Shipped v1'] });
  const taken = await instruments.change(main.id, { pinned_version: 3 });
  t.equal(taken.pinned_version, 3);
  await instruments.change(later.id, { pinned_version: null });
  t.equal(
    (await instruments.read(later.id)).pinned_version,
    2,
    'without a pin it follows the newest version',
  );
  t.match(await syncList(), { got: ['Another v2', 'Shared v3', 'Shipped v1'], warnings: [] });

  const own = await ada.client.definitions.create({
    name: 'Own',
    source_code: measurement('Own'),
    is_public: true,
  });
  const mine = await make('Mine', own.id);
  t.equal(mine.pinned_version, null, "the lab's own definitions are not held back");
  await labs.change(nano.id, { public_definitions: 'none' });
  const none = await syncList({ names: 'Shared' });
  t.same(none.got, ['Own v1', 'Shipped v1'], 'no definition of other labs');
  t.match(none.warnings, [
    /does not accept definitions of other labs/,
    /does not accept definitions of other labs/,
  ]);
  const no = await problemOf(instruments.create({ name: 'More', definition_id: shared }));
  t.match(no, { status: 422, detail: /public_definitions/ });
  await labs.change(nano.id, { public_definitions: 'follow' });
  t.match(await syncList(), { got: ['Another v2', 'Own v1', 'Shared v3', 'Shipped v1'] });
  const { items } = await ada.client.audit({ action: 'lab.changed' });
  t.match(items.find(({ after }) => JSON.stringify(after).includes('pinned'))?.after, {
    pinned: [{ instrument_id: main.id, pinned_version: 2 }],
  });
  t.same((await fsck(deps)).problems, [], 'fsck accepts the pins in the audit trail');
}
