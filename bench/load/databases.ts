import { startPostgres } from '../../test/helpers/postgres-server.ts';
import type { Figure } from '../pairs.ts';
import { disposing } from './helpers.ts';

export type Database = 'PostgreSQL' | 'PGlite';
export const DATABASES: Database[] = ['PostgreSQL', 'PGlite'];

/** Returns the settings of a registry on a new database. */
export async function settingsOf(
  stack: AsyncDisposableStack,
  database: Database,
): Promise<Record<string, string>> {
  if (database === 'PGlite') return {};
  const postgres = await startPostgres();
  stack.defer(() => postgres.close());
  return { DATABASE_URL: postgres.url('postgres') };
}

/** Measures on each database in turn. Closes everything that the measurement opened. */
export async function onDatabases<Size extends { databases: Database[] }>(
  size: Size,
  measure: (stack: AsyncDisposableStack, database: Database, size: Size) => Promise<Figure[]>,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const database of size.databases) {
    figures.push(...(await disposing((stack) => measure(stack, database, size))));
  }
  return figures;
}
