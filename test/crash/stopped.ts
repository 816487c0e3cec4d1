/** Checks a registry that is stopped: `fsck` finds nothing, and an index that is rebuilt from git equals the index. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../registry/config.ts';
import { openDeps } from '../../registry/open.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { rowsOf } from '../scenarios/storm/invariants.ts';

const open = (settings: Record<string, string>) =>
  openDeps(loadConfig(settings), () => 'http://127.0.0.1', { isCommand: true });

/** The violations, one sentence each. */
export async function stoppedViolations(settings: Record<string, string>): Promise<string[]> {
  const deps = await open(settings);
  try {
    const { problems, repaired } = await fsck(deps);
    return [
      ...problems.map(({ where, problem }) => `fsck: ${where}: ${problem}`),
      ...repaired.map((name) => `fsck has repaired ${name}`),
      ...(await differentRows(await rowsOf(deps.store), settings.DATA_DIR as string)),
    ];
  } finally {
    await deps.close();
  }
}

/** Rebuilds the index from a copy of the repositories, because a folder belongs to one database. */
async function differentRows(was: string[], dataDir: string): Promise<string[]> {
  const copy = await mkdtemp(join(tmpdir(), 'registry-reindexed-'));
  await cp(join(dataDir, 'keys'), join(copy, 'keys'), { recursive: true });
  await cp(join(dataDir, 'repos'), join(copy, 'repos'), {
    recursive: true,
    filter: (path) => !/\/repos\/\.(registry|workshop)$/.test(path),
  });
  const { databaseUrl } = await freshDatabase();
  const deps = await open({ DATA_DIR: copy, DATABASE_URL: databaseUrl });
  try {
    const { skipped } = await reindex(deps);
    const is = await rowsOf(deps.store);
    const short = (row: string) => row.slice(0, 500);
    return [
      ...skipped.map(({ name, reason }) => `reindex: ${name}: ${reason}`),
      ...was.filter((row) => !is.includes(row)).map((row) => `only in the index: ${short(row)}`),
      ...is.filter((row) => !was.includes(row)).map((row) => `only when rebuilt: ${short(row)}`),
    ];
  } finally {
    await deps.close();
    await rm(copy, { recursive: true, force: true });
  }
}
