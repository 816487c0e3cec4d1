/** The rows of growth about work on the whole registry: backup, fsck, space. Their figures are for each definition. */
import { execFile } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dataPaths } from '../../registry/data-paths.ts';
import { openStore } from '../../registry/store/open.ts';
import { type Measure, timed } from '../pairs.ts';
import type { Grown } from './grown.ts';
import type { Row } from './row.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '..', '..', 'registry', 'main.js');

/** With more definitions, a backup takes ten minutes and fsck half an hour, for each of the four measurements. */
const MOST = 10_000;

/** `rounds` is for rows that take seconds. Rows that take minutes run once. */
export function upkeepRows(rounds: number): Row[] {
  const longest = new Map<Grown, number>();
  const kept = new Map<Grown, string>();
  return [
    {
      what: 'full backup, each definition',
      rounds: 0,
      most: MOST,
      async prepare(grown) {
        const file = join(grown.folder, `full-${grown.copies}.zip`);
        kept.set(grown, file);
        return async () => {
          const { taken, worst } = await whileSaving(grown, () => command(grown, 'backup', file));
          longest.set(grown, worst);
          return taken / (await definitionsIn(grown));
        };
      },
    },
    {
      what: 'longest save during it',
      rounds: 0,
      most: MOST,
      prepare: async (grown) => async () => longest.get(grown) ?? 0,
    },
    {
      what: 'incremental backup after a save, each definition',
      rounds: 0,
      most: MOST,
      prepare: async (grown) => async () => {
        await grown.saved.save(grown.served.client);
        const file = join(grown.folder, 'more.zip');
        const taken = await command(grown, 'backup', file, '--since', kept.get(grown) ?? '');
        return taken / (await definitionsIn(grown));
      },
    },
    {
      what: 'fsck, each definition',
      rounds: 0,
      most: MOST,
      // It finds that the copies have the records of the original, after it has read them.
      prepare: async (grown) => async () =>
        (await command(grown, 'fsck')) / (await definitionsIn(grown)),
    },
    { what: 'sync after a save', rounds, prepare: syncsOf },
    { what: 'search for one definition', rounds, prepare: searching('Saved1') },
    { what: 'search that finds all', rounds, prepare: searching('measures channel') },
    {
      what: 'repositories of 1,000 definitions',
      rounds: 0,
      unit: 'MB',
      prepare: async (grown) => async () => {
        const { bytes } = await spaceOf(dataPaths(grown.dataDir).repositories);
        return (bytes / 1e6 / (await definitionsIn(grown))) * 1000;
      },
    },
    {
      what: 'files and folders, each definition',
      rounds: 0,
      unit: 'files',
      prepare: async (grown) => async () => {
        const { files } = await spaceOf(dataPaths(grown.dataDir).repositories);
        return files / (await definitionsIn(grown));
      },
    },
    {
      what: 'database of 1,000 definitions',
      rounds: 0,
      unit: 'MB',
      prepare: async (grown) => async () =>
        ((await databaseOf(grown)) / 1e6 / (await definitionsIn(grown))) * 1000,
    },
  ];
}

/** All definitions, also those that are no copies. */
const definitionsIn = async ({ dataDir }: Grown): Promise<number> =>
  (await readdir(dataPaths(dataDir).repositories)).filter((name) => name.endsWith('.git')).length;

/** How long a command takes in milliseconds, without the start of its process. */
async function command({ env }: Grown, ...args: string[]): Promise<number> {
  const measured = (rest: string[]) =>
    timed(() =>
      run(process.execPath, [MAIN, ...rest], { env, maxBuffer: 2 ** 28 }).catch((error) => {
        if (rest[0] !== 'fsck' || error.code !== 1) throw error;
      }),
    );
  const start = await measured(['migrate']);
  return Math.max((await measured(args)) - start, 1);
}

/** Saves one definition again and again while `work` runs. */
async function whileSaving({ saved, served }: Grown, work: () => Promise<number>) {
  let isOver = false;
  let worst = 0;
  const working = work().finally(() => {
    isOver = true;
  });
  while (!isOver) worst = Math.max(worst, await timed(() => saved.save(served.client)));
  return { taken: await working, worst };
}

/** A computer of the lab that has all definitions asks for its list after each landing. */
async function syncsOf({ saved, served, copies }: Grown): Promise<Measure> {
  const token = await served.enrol(`bench-${copies}`);
  const headers = { authorization: `Bearer ${token}` };
  const ask = async () => await (await fetch(`${served.url}/api/sync`, { headers })).bytes();
  await ask();
  return async () => {
    await saved.save(served.client);
    return await timed(ask);
  };
}

const searching =
  (q: string): Row['prepare'] =>
  async ({ served }) =>
  () =>
    timed(() => served.client.definitions.list({ q, per_page: 50 }));

/** What `folder` takes on the disk. Copies share files, which count for each of them. */
async function spaceOf(folder: string): Promise<{ bytes: number; files: number }> {
  const total = { bytes: 0, files: 0 };
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    total.files += 1;
    total.bytes += (await lstat(path)).blocks * 512;
    if (!entry.isDirectory()) continue;
    const below = await spaceOf(path);
    total.bytes += below.bytes;
    total.files += below.files;
  }
  return total;
}

async function databaseOf({ env, dataDir }: Grown): Promise<number> {
  const { DATABASE_URL } = env;
  if (!DATABASE_URL) return (await spaceOf(dataPaths(dataDir).database)).bytes;
  const store = await openStore({ databaseUrl: DATABASE_URL });
  try {
    const [{ size }] = await store
      .em()
      .execute<[{ size: string }]>('select pg_database_size(current_database()) as size');
    return Number(size);
  } finally {
    await store.close();
  }
}
