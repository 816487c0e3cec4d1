/**
 * Measures the import of a large folder into PostgreSQL by the command line: the memory of its process, and its rate
 * compared with that of a small import.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../registry/store/open.ts';
import { type Observed, observe } from '../test/helpers/observe.ts';
import { migrate, type PostgresServer } from '../test/helpers/postgres-server.ts';
import { writeDrivers } from './drivers.ts';
import type { Figure } from './pairs.ts';
import { compare } from './statistics.ts';

export interface LargeImportSize {
  rounds: number;
  few: number;
  many: number;
}

/** The importing process may use at most this many MB, regardless of the size of the folder. */
export const MOST_MEMORY = 300;

/** The large import must reach at least 0.8 times the rate of the small one. */
const MOST_TIME = 1 / 0.8;

export async function measureLargeImport(
  server: PostgresServer,
  { rounds, few, many }: LargeImportSize,
): Promise<Figure[]> {
  const root = await mkdtemp(join(tmpdir(), 'bench-large-import-'));
  const store = await openStore({ databaseUrl: server.url('postgres') });

  async function importing(definitions: number, round: number): Promise<Observed> {
    const database = `import_${definitions}_${round}`;
    const databaseUrl = server.url(database);
    const data = join(root, database);
    await mkdir(data);
    await store.em().execute(`create database ${database}`);
    await migrate({ databaseUrl });
    const settings = { DATA_DIR: data, DATABASE_URL: databaseUrl };
    const imported = await observe(['import', folderOf(definitions)], settings);
    if (!imported.stdout.includes(`\n${definitions} definitions: ${definitions} new`))
      throw new Error(`some definitions were not imported:\n${imported.stdout}${imported.stderr}`);
    await rm(data, { recursive: true });
    await store.em().execute(`drop database ${database}`);
    return imported;
  }

  const folderOf = (definitions: number): string => join(root, `drivers-${definitions}`);
  const pairs: { large: Observed; small: Observed }[] = [];
  try {
    for (const definitions of [few, many]) await writeDrivers(folderOf(definitions), definitions);
    for (let round = 0; round < rounds; round++) {
      const small = await importing(few, round);
      pairs.push({ small, large: await importing(many, round) });
    }
  } finally {
    await store.close();
    await rm(root, { recursive: true, force: true });
  }
  const times = pairs.map(({ large, small }) => ({
    ours: large.time / many,
    floor: small.time / few,
  }));
  const memory = pairs.map(({ large }) => ({ ours: large.megabytes, floor: MOST_MEMORY }));
  return [
    {
      name: `import of ${many} definitions, each`,
      floor: `import of ${few}, each`,
      unit: 'ms',
      goal: MOST_TIME,
      ...compare(times),
    },
    {
      name: `peak memory of an import of ${many}`,
      floor: 'the most that it may take',
      unit: 'MB',
      goal: 1,
      ...compare(memory),
    },
  ];
}
