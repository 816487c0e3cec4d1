/** The cost of a sync. A sync must not miss a change by any process. */
import t from 'tap';
import type { Json } from '../../registry/schemas/common.ts';
import type { SyncList, SyncReport } from '../../registry/schemas/sync.ts';
import type { Caller } from '../../registry/services/caller.ts';
import { listBindings } from '../../registry/services/equipment/bindings.ts';
import { findBindings } from '../../registry/services/equipment/computer-bindings.ts';
import { listInstruments } from '../../registry/services/equipment/instruments.ts';
import { identifyToken } from '../../registry/services/people/identify.ts';
import { COMPUTER_TOKEN_PREFIX, hashToken } from '../../registry/services/people/secrets.ts';
import { Catalogues } from '../../registry/services/sync/catalogue.ts';
import { listFleet } from '../../registry/services/sync/fleet.ts';
import { type SyncDeps, type SyncState, syncState } from '../../registry/services/sync/manifest.ts';
import { OwnParts } from '../../registry/services/sync/own.ts';
import { saveReport } from '../../registry/services/sync/report.ts';
import { createBinding } from '../../registry/store/bindings.ts';
import { createComputer, deleteComputer } from '../../registry/store/computers.ts';
import { allocateDefinitionId } from '../../registry/store/definitions.ts';
import { upsertDefinition } from '../../registry/store/indexing.ts';
import { createInstrument } from '../../registry/store/instruments.ts';
import { createLab } from '../../registry/store/labs.ts';
import { openStore, type Store } from '../../registry/store/open.ts';
import { createUser } from '../../registry/store/users.ts';
import { upsertVersions } from '../../registry/store/versions.ts';
import { someCaches } from '../helpers/caches.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { definitionFields, versionFields } from '../store/definition-fields.ts';

const ADMIN = {
  kind: 'user',
  id: 1,
  username: 'ada',
  name: 'Ada',
  email: 'ada@lab.example',
  isAdmin: false,
  scope: 'admin',
} as const;

function depsOf(store: Store, url = 'http://registry'): SyncDeps {
  const deps = { store, rules: { anonymousRead: false }, publicUrl: () => url } as never;
  const caches = someCaches();
  const kept = { catalogues: new Catalogues(deps, caches), ownParts: new OwnParts(store, caches) };
  return { ...(deps as object), ...kept, version: '1.0.0' } as SyncDeps;
}

const listOf = async ({ list }: SyncState) =>
  JSON.parse(String(Buffer.concat(await list()))) as SyncList;

/** Creates a lab with `count` definitions. Every tenth definition is bound to the lab's computer. */
async function fill(store: Store, code: string, count: number) {
  const lab = await createLab(store.em(), { name: code, code });
  const pc = await createComputer(store.em(), { lab_id: lab.id, computer_name: `${code}-pc` });
  await store.transaction(async (em) => {
    for (let i = 0; i < count; i++) {
      const name = `${code}${i}`;
      const id = await allocateDefinitionId(em);
      const fields = definitionFields(name, { lab_id: lab.id });
      await upsertDefinition(em, { ...fields, id });
      const described = { ...fields, description: 'What it is. '.repeat(20) };
      const content = { files: { [`${name}.py`]: 'ab'.repeat(32) }, described };
      await upsertVersions(em, [versionFields(id, 1, content as never)]);
      if (i % 10 > 0) continue;
      const main = { lab_id: lab.id, name: `Main ${name}`, definition_id: id, pinned_version: 1 };
      const instrument = await createInstrument(em, main);
      const at = { instrument_id: instrument.id, computer: pc.id };
      await createBinding(em, { ...at, is_primary: true });
    }
  });
  const actor = {
    kind: 'computer',
    id: pc.id,
    name: pc.computer_name,
    labId: lab.id,
    isBench: false,
  } as const;
  return { lab, pc, caller: { actor, address: null, tokenName: null } };
}

await onEachDatabase(
  t,
  'a list costs the same number of queries for 100 definitions as for 2, and one query if nothing has changed',
  async (t, store, database) => {
    const counted = async (work: () => Promise<unknown>) => {
      database.statements.length = 0;
      await work();
      return database.statements.length;
    };
    const few = await fill(store, 'few', 2);
    const many = await fill(store, 'many', 100);
    const costs: number[] = [];
    for (const { caller } of [few, many]) {
      const { list } = await syncState(depsOf(store), caller, {});
      costs.push(await counted(list));
    }
    t.equal(costs[0], costs[1]);
    t.ok((costs[1] ?? 0) <= 13, `${costs[1]} queries`);
    const asked = await counted(() => syncState(depsOf(store), many.caller, {}));
    t.equal(asked, 1);
    const { definitions } = await listOf(await syncState(depsOf(store), many.caller, {}));
    t.equal(definitions.length, 100);
    t.equal(definitions.filter(({ bound, pinned }) => bound && pinned).length, 10);
  },
);

await onEachDatabase(
  t,
  'after each change, a list that is made from the last one equals a new one, and reads only what changed',
  async (t, store, { statements }) => {
    const { lab, caller } = await fill(store, 'lab', 30);
    const other = await createLab(store.em(), { name: 'Other', code: 'other' });
    const user = await createUser(store.em(), { username: 'ada' });
    const deps = depsOf(store);
    const textOf = async (of: SyncDeps) => {
      const { list } = await syncState(of, caller, {});
      return String(Buffer.concat(await list()));
    };
    const idOf = async (name: string) => {
      const [row] = await store
        .em()
        .execute<[{ id: number }]>('select id from definitions where name = ?', [name]);
      return row.id;
    };
    const [one, two, bound] = [await idOf('lab1'), await idOf('lab2'), await idOf('lab10')];
    const land = async (id: number, name: string, version: number) => {
      const described = definitionFields(name, { lab_id: lab.id });
      const content = { files: { [`${name}.py`]: `${version}d`.repeat(32) }, described };
      await upsertVersions(store.em(), [versionFields(id, version, content as never)]);
      await store.em().execute('update definitions set version = ? where id = ?', [version, id]);
    };
    const run = (sql: string, ...values: unknown[]) => store.em().execute(sql, values);
    const changes: Record<string, () => Promise<unknown>> = {
      'a version lands': () => land(one, 'lab1', 2),
      'a bound one gets a version': () => land(bound, 'lab10', 2),
      'a version is revoked': () =>
        run(
          `update versions set revoked = '{"reason": "x"}' where definition_id = ? and version = 2`,
          one,
        ),
      'all versions are revoked': () =>
        run(`update versions set revoked = '{"reason": "x"}' where definition_id = ?`, one),
      'a version is reinstated': () =>
        run(
          `update versions set revoked = null, reinstated = '{}' where definition_id = ? and version = 1`,
          one,
        ),
      'a definition is archived': () =>
        run('update definitions set archived_at = now() where id = ?', two),
      'a definition is unarchived': () =>
        run('update definitions set archived_at = null where id = ?', two),
      'a definition leaves the lab': () =>
        run('update definitions set lab_id = ? where id = ?', other.id, two),
      'a definition comes into the lab': () =>
        run('update definitions set lab_id = ? where id = ?', lab.id, two),
      'a definition gets a creator': () =>
        run('update definitions set created_by = ? where id = ?', user.id, two),
      'a definition is renamed': () =>
        run(`update definitions set name = 'Alpha' where id = ?`, two),
      'a definition is deleted': () => run('delete from definitions where id = ?', two),
    };
    let last = await textOf(deps);
    for (const [what, change] of Object.entries(changes)) {
      await change();
      statements.length = 0;
      const text = await textOf(deps);
      const wanted = statements.filter((sql) => /from "definitions" as "d0" where/.test(sql));
      t.ok(wanted.length > 0);
      t.ok(
        wanted.every((sql) => (sql.match(/"id" in \(([^)]*)\)/)?.[1]?.split(',').length ?? 99) < 5),
        `${what}: at most the changed and the bound definitions are read`,
      );
      t.not(text, last, what);
      t.equal(text, await textOf(depsOf(store)), what);
      last = text;
    }
  },
);

await onEachDatabase(
  t,
  'lists of equipment cost the same number of queries for several things as for one',
  async (t, store, { statements }) => {
    const repositories = { open: async () => ({ readFile: async () => Buffer.from('x = 1\n') }) };
    const deps = { ...depsOf(store), repositories } as never;
    const page = { page: 1, per_page: 100 };
    const lists: Record<string, (by: Caller, pc: string) => Promise<{ total: number }>> = {
      instruments: (by) => listInstruments(deps, by, page),
      bindings: (by) => listBindings(deps, by, page),
      'the bindings of a computer': (by, pc) => findBindings(deps, by, pc, page),
      fleet: (by) => listFleet(deps, by, page),
    };
    const costs: Record<string, number[]> = {};
    for (const count of [1, 41]) {
      const { lab, pc, caller } = await fill(store, `lab${count}-`, count);
      const installed = Object.fromEntries(
        [...Array(count)].map((_, i) => [`lab${count}-${i}`, 1]),
      );
      await saveReport(depsOf(store), caller, { installed });
      const admin = { ...ADMIN, roles: new Map([[lab.id, 'admin'] as const]) };
      const by = { actor: admin, address: null, tokenName: null };
      for (const [name, list] of Object.entries(lists)) {
        statements.length = 0;
        const { total } = await list(by, pc.computer_name);
        costs[name] = [...(costs[name] ?? []), statements.length];
        t.equal(total, name === 'fleet' ? 1 : Math.ceil(count / 10), `${name}: ${total}`);
      }
    }
    for (const [name, [one, several]] of Object.entries(costs)) t.equal(several, one, name);
  },
);

await onEachDatabase(
  t,
  'a hundred computers that sync and report at the same time cost a few statements, not a few for each',
  async (t, store, { statements }) => {
    const { lab, caller } = await fill(store, 'lab', 3);
    const deps = depsOf(store);
    const secrets = Array.from({ length: 100 }, (_, i) => `${COMPUTER_TOKEN_PREFIX}${i}`);
    for (const [i, secret] of secrets.entries()) {
      const about = { lab_id: lab.id, computer_name: `PC-${i}`, token_hash: hashToken(secret) };
      await createComputer(store.em(), about);
    }
    const counted = async (work: (secret: string) => Promise<unknown>) => {
      statements.length = 0;
      await Promise.all(secrets.map(work));
      return statements.length;
    };
    const ask = async (secret: string, installed: Record<string, number>) => {
      const identity = await identifyToken(store, secret);
      if (!identity) throw new Error(`who is ${secret}?`);
      const by = { ...identity, address: null };
      const { computer, definitions } = await listOf(await syncState(deps, by, {}));
      if (`PC-${secret.slice(COMPUTER_TOKEN_PREFIX.length)}` !== computer.computer_name)
        throw new Error('the answer is for another computer');
      if (definitions.length !== 3) throw new Error(`${definitions.length} definitions`);
      await saveReport(deps, by, { installed });
    };
    const cold = await counted((secret) => ask(secret, { lab0: 1 }));
    t.ok(cold <= 60, `${cold} statements at first`);
    await store.em().execute(`update definitions set category = 'X' where name = 'lab1'`);
    const landed = await counted((secret) => ask(secret, { lab0: 1, lab1: 1 }));
    t.ok(landed <= 50, `${landed} statements after a landing`);
    const computers = secrets.map((_, i) => `PC-${i}`);
    const reported = await store.em().execute<{ computer_name: string }[]>(
      `select computer_name from installations i join computers c on c.id = i.computer
        where until is null group by 1 having count(*) = 2`,
    );
    t.same(reported.map(({ computer_name }) => computer_name).sort(), computers.toSorted());
    t.equal((await syncState(deps, caller, {})).etag, (await syncState(deps, caller, {})).etag);
  },
);

await onEachDatabase(
  t,
  'a report that cannot be stored, or of a deleted computer, does not affect others',
  async (t, store) => {
    const { lab, pc, caller } = await fill(store, 'lab', 1);
    const other = await createComputer(store.em(), { lab_id: lab.id, computer_name: 'other' });
    const gone = await createComputer(store.em(), { lab_id: lab.id, computer_name: 'gone' });
    await deleteComputer(store.em(), gone.id);
    const tell = (id: number, errors: SyncReport['errors'] = []) => {
      const actor = { ...caller.actor, id };
      return saveReport(depsOf(store), { ...caller, actor }, { installed: { lab0: 1 }, errors });
    };
    // Hidden characters are escaped only to a certain depth, and this value is nested more deeply. The value also
    // contains NUL, which PostgreSQL cannot store.
    const deep = { deep: Array.from({ length: 100 }).reduce<Json>((inner) => [inner], 'a\0b') };
    const outcomes = await Promise.allSettled([
      tell(pc.id),
      tell(other.id, [deep]),
      tell(gone.id),
      tell(pc.id),
    ]);
    t.match(outcomes, [
      { status: 'fulfilled' },
      { reason: { code: 'invalid_value' } },
      { reason: { code: 'unauthenticated' } },
      { status: 'fulfilled' },
    ]);
    const rows = await store.em().execute('select computer from reports');
    t.same(rows, [{ computer: pc.id }]);
  },
);

await onEachDatabase(
  t,
  'the ETag differs for another address, program or computer',
  async (t, store) => {
    const { caller } = await fill(store, 'lab', 1);
    const other = await fill(store, 'other', 1);
    const tag = async (deps: SyncDeps, by = caller, query = {}) =>
      (await syncState(deps, by, query)).etag;
    const tags = [
      await tag(depsOf(store)),
      await tag(depsOf(store, 'https://elsewhere')),
      await tag({ ...depsOf(store), version: '1.0.1' }),
      await tag(depsOf(store), other.caller),
      await tag(depsOf(store), caller, { scope: 'bound' }),
      await tag(depsOf(store), caller, { names: 'SR830' }),
    ];
    t.equal(new Set(tags).size, tags.length);
    t.equal(await tag(depsOf(store)), tags[0]);
    t.equal(
      await tag(depsOf(store), caller, { names: 'b, A,a' }),
      await tag(depsOf(store), caller, { names: 'A,B' }),
      'order, case and spaces of names do not affect the ETag',
    );
  },
);

await onEachDatabase(
  t,
  'a computer that gets a 304 has all changes written before its request, by any process',
  async (t, store, { kind, options }) => {
    const { pc, caller } = await fill(store, 'lab', 1);
    const second = kind === 'PostgreSQL' ? await openStore(options) : store;
    if (second !== store) t.teardown(() => second.close());
    const deps = depsOf(second);
    let written = 0;
    let unchanged = 0;
    let held = { etag: '', location: 0 };
    const poll = async () => {
      const before = written;
      const state = await syncState(deps, caller, {});
      const { etag } = state;
      if (etag === held.etag) unchanged++;
      else held = { etag, location: Number((await listOf(state)).computer.location ?? 0) };
      if (held.location < before) t.fail(`${held.location} though ${before} was written`);
    };
    const sql = 'update computers set location = ? where id = ?';
    for (let i = 1; i <= 60; i++) {
      const write = store.em().execute(sql, [String(i), pc.id]);
      const wrote = write.then(() => {
        written = i;
      });
      while (held.location < i) await poll();
      await wrote;
      await poll();
    }
    t.ok(unchanged > 0, `${unchanged} times unchanged`);
    t.equal(held.location, 60);
    const { etag } = await syncState(depsOf(store), caller, {});
    t.equal(etag, held.etag, 'all processes give the same ETag');
  },
);
