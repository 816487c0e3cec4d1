/** Dumps of a database. PGlite and PostgreSQL accept each other's dumps. */
import t, { type Test } from 'tap';
import { migrations } from '../../migrations/index.ts';
import { appendAudit, verifyAuditChain } from '../../registry/store/audit.ts';
import {
  insertRows,
  isEmpty,
  rowsOf,
  sequencesOf,
  setSequences,
  tablesOf,
  withoutTriggers,
} from '../../registry/store/dump.ts';
import { openStore, type Store } from '../../registry/store/open.ts';
import { createUser } from '../../registry/store/users.ts';
import { freshDatabase, freshFolder } from '../helpers/databases.ts';
import { definitionFields, insert } from './definition-fields.ts';

async function open(t: Test, kind: string, migrated = true): Promise<Store> {
  const store = await openStore(await (kind === 'PGlite' ? freshFolder : freshDatabase)(migrated));
  t.teardown(() => store.close());
  return store;
}

/** The lines of every table, and the sequences. */
async function dump(store: Store) {
  return await store.snapshot(async (em) => {
    const tables: [string, string[]][] = [];
    for (const table of await tablesOf(em)) {
      const lines: string[] = [];
      for await (const some of rowsOf(em, table)) lines.push(...some);
      tables.push([table.name, lines]);
    }
    return { tables: new Map(tables), sequences: await sequencesOf(em) };
  });
}

async function load(store: Store, { tables, sequences }: Awaited<ReturnType<typeof dump>>) {
  await store.transaction(async (em) => {
    const all = await tablesOf(em);
    await withoutTriggers(em, all, async () => {
      for (const table of all) await insertRows(em, table, tables.get(table.name) ?? []);
    });
    await setSequences(em, sequences);
  });
}

const TEXT = `"quoted" \\ ? $1 'it''s' é 漢 😀 \u2028\n\t${'long '.repeat(5000)}`;

for (const [from, to] of [
  ['PGlite', 'PostgreSQL'],
  ['PostgreSQL', 'PGlite'],
] as const) {
  t.test(`all rows of ${from} are restored unchanged in ${to}`, async (t) => {
    const [source, target] = [await open(t, from), await open(t, to)];
    t.ok(await isEmpty(source.em()));
    for (const n of [1, 2, 3]) {
      await createUser(source.em(), { username: `user${n}`, name: TEXT });
    }
    await source.em().execute('delete from users where id = 3');
    await insert(
      source,
      definitionFields('Meter', {
        source_code: TEXT,
        settings_schema: { minimum: 1e-9, maximum: 123456789012, text: TEXT, nested: [null, true] },
        created_by: 1,
      }),
    );
    for (const after of [{ a: 1.5, text: TEXT }, null, ['?', 1e21]]) {
      await source.transaction(async (em) => {
        await appendAudit(em, {
          actor_id: 1,
          actor: 'user1',
          action: 'user.created',
          subject_type: 'user',
          subject_id: 1,
          subject: TEXT,
          lab_id: null,
          after: after as never,
          address: '::1',
          token_name: null,
        });
      });
    }
    // More rows than fit in one batch.
    await source
      .em()
      .execute(
        `insert into ended_sessions (id, expires_at) select md5(n::text), now() + n * interval '1 ms' from generate_series(1, 450) n`,
      );
    const dumped = await dump(source);
    t.equal(dumped.tables.get('ended_sessions')?.length, 450);
    await load(target, dumped);
    const again = await dump(target);
    t.same([...again.tables.keys()].sort(), [...dumped.tables.keys()].sort());
    for (const [table, lines] of dumped.tables) t.same(again.tables.get(table), lines, table);
    t.same(again.sequences, dumped.sequences);
    t.equal(await verifyAuditChain(target.em()), null);
    await t.rejects(target.em().execute('delete from audit_events'), /append-only/);
    t.equal((await createUser(target.em(), { username: 'next' })).id, 4, 'no id is used twice');
    const [{ found }] = await target
      .em()
      .execute<[{ found: string }]>(
        `select count(*)::text as found from definitions where words @@ '''.漢'':*'`,
      );
    t.equal(found, '1', 'generated columns are computed');
    t.notOk(await isEmpty(target.em()));
  });
}

t.test('rows of an earlier schema are restored at that schema and then migrated', async (t) => {
  const [source, target] = [await open(t, 'PostgreSQL', false), await open(t, 'PGlite', false)];
  const [first, second] = migrations.map(({ name }) => name) as [string, string];
  t.same(await source.migrate(second), [first, second]);
  await source.em().execute(`insert into users (username) values ('early')`);
  const dumped = await dump(source);
  t.notOk(dumped.tables.has('ended_sessions'));
  t.same(await target.migrate(second), [first, second]);
  await load(target, dumped);
  t.ok((await target.migrate()).length > 0);
  t.same(await target.pending(), []);
  const rows = ({ tables }: typeof dumped) => tables.get('users')?.map((row) => JSON.parse(row));
  t.match(rows(await dump(target)), rows(dumped), 'whole; later migrations add columns');
});
