import { startPostgres } from '../../test/helpers/postgres-server.ts';

export type Database = 'PostgreSQL' | 'PGlite';
export const DATABASES: Database[] = ['PostgreSQL', 'PGlite'];

/** The settings of a registry on a new database. */
export async function settingsOf(
  stack: AsyncDisposableStack,
  database: Database,
): Promise<Record<string, string>> {
  if (database === 'PGlite') return {};
  const postgres = await startPostgres();
  stack.defer(() => postgres.close());
  return { DATABASE_URL: postgres.url('postgres') };
}
