/**
 * Makes many definitions by copying one: SQL copies its rows, and each new repository links to the files of the packed
 * original. Landing each copy would take hours.
 */
import { linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dataPaths } from '../../registry/data-paths.ts';
import { openStore } from '../../registry/store/open.ts';
import type { EntityManager } from '../../registry/store/types.ts';
import { durableGit } from '../git.ts';

const COPY = 'Copied';
export const copyName = (n: number): string => `${COPY}${n}`;

/** Adds the copies of `name` numbered `first` to `last`. No server may use the data folder during this call. */
export async function addCopies(
  dataDir: string,
  databaseUrl: string | undefined,
  name: string,
  [first, last]: [number, number],
): Promise<void> {
  const { repositories, database } = dataPaths(dataDir);
  const template = join(repositories, `${name}.git`);
  await durableGit(template, 'repack', '-adq');
  for (let n = first; n <= last; n++) link(template, join(repositories, `${copyName(n)}.git`));
  const store = await openStore(databaseUrl ? { databaseUrl } : { folder: database });
  try {
    await store.hold(async (em) => {
      // Thousands of rows take longer than a statement of the registry may take.
      await em.execute('set local statement_timeout = 0');
      await withoutSearchIndexes(em, () => copyRows(em, name, [first, last]));
    });
  } finally {
    await store.close();
  }
}

/** Repositories can share files, because the registry and git replace files and never change them in place. */
function link(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) link(source, target);
    else linkSync(source, target);
  }
}

async function copyRows(em: EntityManager, name: string, range: [number, number]): Promise<void> {
  const columnsOf = async (table: string, without: string[]) => {
    const found = await em.execute<{ column_name: string }[]>(
      `select column_name from information_schema.columns
        where table_schema = current_schema() and table_name = ? and is_generated = 'NEVER'`,
      [table],
    );
    return found.map((row) => row.column_name).filter((column) => !without.includes(column));
  };
  const definition = await columnsOf('definitions', ['id', 'name', 'display_name']);
  await em.execute(
    `insert into definitions (name, display_name, ${definition.join(', ')})
     select '${COPY}' || n, display_name || ' ' || n, ${definition.join(', ')}
       from definitions cross join generate_series(?::int, ?::int) n where name = ?`,
    [...range, name],
  );
  const version = await columnsOf('versions', ['id', 'definition_id']);
  await em.execute(
    `insert into versions (definition_id, ${version.join(', ')})
     select copy.id, ${version.map((column) => `v.${column}`).join(', ')}
       from definitions original
       join versions v on v.definition_id = original.id
       join generate_series(?::int, ?::int) n on true
       join definitions copy on copy.name = '${COPY}' || n
      where original.name = ?`,
    [...range, name],
  );
  await em.execute('analyze definitions');
  await em.execute('analyze versions');
}

/**
 * Drops the search indexes during `work` and rebuilds them afterwards, which is faster than updating them for each row.
 */
async function withoutSearchIndexes(em: EntityManager, work: () => Promise<void>): Promise<void> {
  const indexes = await em.execute<{ indexname: string; indexdef: string }[]>(
    `select indexname, indexdef from pg_indexes
      where tablename in ('definitions', 'versions') and indexdef like '% USING gin %'`,
  );
  for (const { indexname } of indexes) await em.execute(`drop index ${indexname}`);
  await work();
  for (const { indexdef } of indexes) await em.execute(indexdef);
}
