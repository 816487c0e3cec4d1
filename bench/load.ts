/**
 * Load from many clients: git's own requests, recorded in this run and replayed by a process of their own, on the
 * registry (a process with its default configuration), on a bare Node server that sends the same bytes, and on
 * `git http-backend`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../test/helpers/postgres-server.ts';
import { durableGit } from './git.ts';
import { serve } from './lab/served.ts';
import { createLoaded } from './load/definition.ts';
import type { Order, Replayed } from './load/exchange.ts';
import { disposing, helper, tell } from './load/helpers.ts';
import { measureRow, type RowSize } from './load/measure.ts';
import { PASSWORD, startPeer } from './load/peer.ts';
import { measurePush, takePushes } from './load/push.ts';
import { basic, ROWS, record } from './load/rows.ts';
import type { Figure } from './pairs.ts';

export type Database = 'PostgreSQL' | 'PGlite';

export interface LoadSize extends RowSize {
  databases: Database[];
  /** Versions of the definition. */
  versions: number;
  pushes: number;
  /** Validations before the pushes: the code that judges a push takes ten times as long before it is compiled. */
  warm: number;
}

export async function measureLoad(size: LoadSize): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const database of size.databases) {
    figures.push(...(await disposing((stack) => measureOn(stack, database, size))));
  }
  return figures;
}

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

async function measureOn(
  stack: AsyncDisposableStack,
  database: Database,
  size: LoadSize,
): Promise<Figure[]> {
  const settings = await settingsOf(stack, database);
  const folder = await mkdtemp(join(tmpdir(), 'bench-load-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const served = await serve(folder, settings);
  stack.defer(() => served.close());
  const loaded = await createLoaded(served);
  const { path } = loaded;
  for (let version = 1; version < size.versions; version++) await loaded.save();
  const user = basic('bench', served.token);
  const callers = [user, basic('computer', await served.enrol('BENCH'))];

  const root = join(folder, 'peer');
  const login = ['-c', `http.extraHeader=Authorization: ${user}`];
  const from = `${served.url}${path}`;
  await durableGit(folder, ...login, 'clone', '--quiet', '--mirror', from, join(root, path));
  await takePushes(join(root, path));
  const peer = await startPeer(root);
  stack.defer(() => peer.close());
  const onPeer = basic('git', PASSWORD);

  const ours = await record(folder, served.url, path, user);
  const theirs = await record(folder, peer.url, path, onPeer);
  const bare = helper(stack, 'floor.ts');
  const { port } = await tell<{ port: number }>(bare, Object.values(ours).flat());
  const generator = helper(stack, 'replay.ts');
  const replay = async (order: Order) => {
    await served.emptyLog();
    return await tell<Replayed>(generator, order);
  };

  const figures: Figure[] = [];
  for (const row of ROWS) {
    const recorded = ours[row.requests];
    const sides = {
      ours: { name: 'registry', url: served.url, pid: served.pid, recorded, callers },
      bare: {
        name: 'bare Node, same bytes',
        url: `http://127.0.0.1:${port}`,
        pid: bare.pid as number,
        recorded,
        callers,
      },
      peer: { name: peer.name, url: peer.url, recorded: theirs[row.requests], callers: [onPeer] },
    };
    figures.push(...(await measureRow(row, database, size, replay, sides)));
  }

  for (let i = 0; i < size.warm; i++) await loaded.validate();
  const targets = {
    ours: { url: served.url, path, authorization: user },
    peer: { url: peer.url, path, authorization: onPeer },
    floor: peer.name,
  };
  figures.push(...(await measurePush(stack, folder, database, size.pushes, targets, loaded)));
  return figures;
}
