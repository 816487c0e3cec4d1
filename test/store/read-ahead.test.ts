/** Rows that are read in pages while others write, and then brought up to date, are those of one moment. */
import t from 'tap';
import { rowsOf, tablesOf } from '../../registry/store/dump.ts';
import { openStore } from '../../registry/store/open.ts';
import { type Changes, ReadAhead } from '../../registry/store/read-ahead.ts';
import type { EntityManager } from '../../registry/store/types.ts';
import { freshFolder } from '../helpers/databases.ts';

t.setTimeout(60_000);

t.test('rows written, changed and deleted while they are read', async (t) => {
  const store = await openStore(await freshFolder());
  t.teardown(() => store.close());
  const write = (sql: string) =>
    store.transaction(async (em) => {
      await em.execute(sql);
    });
  const labs = (from: number, to: number) =>
    `insert into labs (name, code) select 'Lab ' || n, 'lab' || n from generate_series(${from}, ${to}) n`;
  await write(labs(1, 300));
  await write(
    `insert into done_once (task, done_at) select 'x' || n, now() from generate_series(1, 120) n`,
  );

  const read = new Map<string, Map<string, string>>();
  let pages = 0;
  const ahead = await ReadAhead.read(store, async (table, rows) => {
    const known = read.get(table) ?? new Map<string, string>();
    for (const { key, line } of rows) known.set(key, line);
    read.set(table, known);
    if (table !== 'labs') return;
    pages += 1;
    if (pages === 2) {
      // Before, in and after the pages that were read.
      await write(`update labs set name = name || '!' where id in (1, 50, 90, 101, 290)`);
      await write('delete from labs where id in (2, 99, 200)');
      await write(`delete from done_once where task in ('x1', 'x77')`);
      await write(labs(301, 310));
    }
    if (pages === 4) {
      await write('update labs set id = 1000 where id = 3');
      await write('delete from labs where id = 305');
      await store
        .transaction(async (em) => {
          await em.execute(labs(311, 320));
          throw new Error('rolled back');
        })
        .catch(() => undefined);
    }
  });
  t.ok(pages > 4, 'several pages');
  await write(labs(321, 325));

  await store.snapshot(async (em) => {
    const changes = await ahead.changes(em);
    for (const [table, now] of Object.entries(await linesIn(em))) {
      const rows = new Map(read.get(table));
      const { written, gone, count } = changes.get(table) as Changes;
      for (const [key, line] of written) rows.set(key, line);
      for (const key of gone) rows.delete(key);
      t.same([...rows.values()].sort(), now.sort(), table);
      t.equal(count, now.length);
    }
  });
});

async function linesIn(em: EntityManager): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of await tablesOf(em)) {
    const lines: string[] = [];
    for await (const some of rowsOf(em, table)) lines.push(...some);
    all[table.name] = lines;
  }
  return all;
}
