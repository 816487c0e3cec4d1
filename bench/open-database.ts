/** `node bench/open-database.ts <folder>`: opens the embedded database, and runs until it receives a signal. */
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';

const database = await PGlite.create(process.argv[2] as string, { extensions: { pg_trgm } });
await database.query('select 1');
console.log('"ready"');
process.once('SIGTERM', () => void database.close());
