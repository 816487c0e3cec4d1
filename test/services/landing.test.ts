/** What a landing guarantees while the index lags behind git, or while something else happens. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseRecord } from '../../registry/definitions/record.ts';
import type { Deps } from '../../registry/open.ts';
import { changeDefinition } from '../../registry/services/definitions/change-definition.ts';
import { createDefinition } from '../../registry/services/definitions/create-definition.ts';
import { setVerdict } from '../../registry/services/definitions/verdicts.ts';
import { identifyToken } from '../../registry/services/people/identify.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { repair } from '../../registry/services/repair/repair.ts';
import { StoreError } from '../../registry/store/errors.ts';
import { someGitCaches } from '../helpers/caches.ts';
import { measurement, type Person, startRegistry } from '../helpers/registry.ts';
import { openWithLease } from '../helpers/repositories.ts';

const registry = await startRegistry(t);
const { deps, admin } = registry;
const alice = await registry.person('alice', { isAdmin: true });
const journal = join(registry.dataDir, 'journal');

const callerOf = async ({ token }: Person) => {
  const identity = await identifyToken(deps.store, token);
  if (!identity) throw new Error('the token is not known');
  return { ...identity, address: '127.0.0.1' };
};
const create = (name: string) =>
  admin.client.definitions.create({ name, source_code: measurement(name) });

/** Writes a journal entry as if a process had died during a landing. */
const abandon = (name: string) => writeFile(join(journal, `${name}~999999999.1.${hostname()}`), '');

/** A database that fails after the refs have moved. */
const downAfterRefs = (): Deps['store'] => ({
  ...deps.store,
  transaction: () => Promise.reject(new Error('database down')),
});

t.test('a landing repairs an earlier one that never reached the index', async (t) => {
  const { id } = await create('Lagging');
  const caller = await callerOf(alice);
  const down: Deps = {
    ...deps,
    store: downAfterRefs(),
  };
  await t.rejects(
    changeDefinition(down, caller, id, { source_code: measurement('Lagging', 2) }),
    /database down/,
  );
  t.match(await admin.client.definitions.read(id), { version: 1 }, 'the index lags behind git');
  const stale = { source_code: measurement('Lagging', 3), expected_version: 1 };
  await t.rejects(admin.client.definitions.change(id, stale), { status: 409 } as unknown as Error);
  const change = { source_code: measurement('Lagging', 3), expected_version: 2 };
  t.match(await admin.client.definitions.change(id, change), { version: 3 });

  const { items } = await admin.client.definitions.versions(id);
  t.same(
    items.map(({ version, landed_by }) => [version, landed_by]),
    [
      [3, 'root'],
      [2, 'alice'],
      [1, 'root'],
    ],
  );
  const repository = await deps.repositories.open('Lagging');
  for (const { version, commit, record } of await repository.versions()) {
    t.match(parseRecord(record), { version, commit });
  }
  const audit = await admin.client.audit({ action: 'definition.landed', subject_id: id });
  t.same(
    audit.items.map(({ actor, after }) => [actor, (after as { version: number }).version]),
    [
      ['root', 3],
      ['alice', 2],
      ['root', 1],
    ],
    'the audit trail names the person who landed each version',
  );
});

t.test(
  'a save that is repeated after a crash is answered with the version that had landed',
  async (t) => {
    const { id } = await create('Repeated');
    const source_code = measurement('Repeated', 2);
    const down: Deps = { ...deps, store: downAfterRefs() };
    await t.rejects(changeDefinition(down, await callerOf(alice), id, { source_code }));
    t.match(await admin.client.definitions.read(id), { version: 1 }, 'the index lags behind git');
    t.match(await admin.client.definitions.change(id, { source_code }), {
      version: 2,
      source_code,
    });
  },
);

t.test('repair ignores landings of a living process', async (t) => {
  await deps.repositories.addJournalEntry('InHand');
  const repository = await deps.repositories.create('InHand');
  t.same(await repair(deps), { repaired: [], failed: [] });
  t.ok(await deps.repositories.exists('InHand'));
  t.equal((await repository.refs()).size, 0);
  await deps.repositories.remove('InHand');
  await deps.repositories.removeJournalEntry('InHand');
});

t.test('an interrupted creation is removed and its name is free again', async (t) => {
  await deps.repositories.create('CutOff');
  await abandon('CutOff');
  t.same(await repair(deps), { repaired: ['CutOff'], failed: [] });
  t.match(await create('CutOff'), { version: 1 });
});

t.test('a repository that cannot be repaired stops neither repair nor reindex', async (t) => {
  await create('Damaged');
  await create('Whole');
  const repository = await deps.repositories.open('Damaged');
  const head = (await repository.head()) ?? '';
  const object = join(repository.path, 'objects', head.slice(0, 2), head.slice(2));
  const bytes = await readFile(object);
  await rm(object);
  await abandon('Damaged');
  await abandon('Whole');
  // The repositories are opened again with empty caches, as in a new process, so the damaged object is not in memory.
  const root = join(registry.dataDir, 'repos');
  const fresh = await openWithLease({ root, journal, git: deps.git, caches: someGitCaches() });
  const { repaired, failed } = await repair({ ...deps, repositories: fresh });
  t.match({ repaired, failed }, { repaired: [], failed: [{ name: 'Damaged' }] });
  const report = await reindex({ ...deps, repositories: fresh });
  t.match(report.skipped, [{ name: 'Damaged' }]);
  const { problems } = await fsck({ ...deps, repositories: fresh });
  t.ok(problems.every(({ where }) => where === 'Damaged') && problems.length > 0);
  await fresh.close();
  await writeFile(object, bytes);
  t.same(await repair(deps), { repaired: [], failed: [] });
});

t.test('a repair that another process has taken over is not a failure', async (t) => {
  await create('Fenced');
  await abandon('Fenced');
  const stopped: Deps = {
    ...deps,
    store: {
      ...deps.store,
      async transaction(work) {
        await rm(join(journal, 'Fenced.repair.lock'), { recursive: true });
        return await deps.store.transaction(work);
      },
    },
  };
  t.same(await repair(stopped), { repaired: [], failed: [] });
  t.same(await deps.repositories.abandonedEntries(), ['Fenced'], 'the other process ends it');
  t.same(await repair(deps), { repaired: [], failed: [] });
  t.same(await deps.repositories.abandonedEntries(), []);
});

t.test('a database that is lost during a repair is not a failure of the definition', async (t) => {
  await create('Waiting');
  await abandon('Waiting');
  const lost = new StoreError('database_unavailable', 'the session was ended');
  const store = { ...deps.store, transaction: () => Promise.reject(lost) };
  await t.rejects(repair({ ...deps, store }), lost);
  t.same(await repair(deps), { repaired: [], failed: [] });
});

t.test('a definition created while reindex runs stays in the index', async (t) => {
  const caller = await callerOf(admin);
  let made: Promise<unknown> | undefined;
  const { removed } = await reindex(deps, {
    deleteMissing: true,
    onProgress() {
      made ??= createDefinition(deps, caller, {
        name: 'Meanwhile',
        source_code: measurement('Meanwhile'),
      });
    },
  });
  await made;
  t.same(removed, []);
  t.match(await admin.client.definitions.byName('Meanwhile'), { version: 1 });
});

t.test(
  'repair adds what another landing has put into the index, but not into the trail',
  async (t) => {
    const { id } = await create('Told');
    const caller = await callerOf(alice);
    const down: Deps = { ...deps, store: downAfterRefs() };
    await admin.client.definitions.deprecate(id, 1, 'old');
    await t.rejects(setVerdict(down, caller, { id, n: 1 }, 'revoked', 'burns'), /database down/);
    await admin.client.definitions.change(id, { source_code: measurement('Told', 2) });
    const told = async () => {
      const { items } = await admin.client.audit({ subject_type: 'definition', subject_id: id });
      return items.filter(({ after }) => JSON.stringify(after).includes('burns'));
    };
    t.match(await admin.client.definitions.version(id, 1), { revoked: { reason: 'burns' } });
    t.same(await told(), [], 'the other landing does not know who has revoked the version');
    await deps.repositories.removeJournalEntry('Told');
    await abandon('Told');
    t.match(await repair(deps), { repaired: ['Told'], failed: [] });
    t.match(await told(), [
      {
        action: 'definition.mended',
        before: { revoked: {}, deprecated: { 1: { reason: 'old' } } },
        after: { revoked: { 1: { reason: 'burns' } }, deprecated: { 1: { reason: 'old' } } },
      },
    ]);
    await abandon('Told');
    t.match(await repair(deps), { repaired: [], failed: [] }, 'the trail tells everything once');
    t.equal((await told()).length, 1);
  },
);

t.test('repair adds a missing verdict to the index and the audit trail', async (t) => {
  const { id } = await create('Judged');
  const caller = await callerOf(alice);
  const down: Deps = {
    ...deps,
    store: downAfterRefs(),
  };
  await t.rejects(setVerdict(down, caller, { id, n: 1 }, 'revoked', 'burns'), /database down/);
  t.match(await admin.client.definitions.version(id, 1), { revoked: null }, 'the index lags');
  // Makes the journal entry of this landing belong to a dead process.
  await deps.repositories.removeJournalEntry('Judged');
  await abandon('Judged');
  t.match(await repair(deps), { repaired: ['Judged'], failed: [] });
  t.match(await admin.client.definitions.version(id, 1), {
    revoked: { reason: 'burns', by: 'alice' },
  });
  const { items } = await admin.client.audit({ action: 'definition.mended', subject_id: id });
  t.match(items, [{ before: { revoked: {} }, after: { revoked: { 1: { reason: 'burns' } } } }]);
});
