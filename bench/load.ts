/**
 * Measures the load of many clients. A separate process replays git's own requests, recorded in this run, on the
 * registry (a process with its default configuration), on a bare Node server that sends the same bytes, and on `git
 * http-backend`. Also measures pushes, and the memory of the registry before and after the load.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durableGit } from './git.ts';
import { type Served, serve, startFirst } from './lab/served.ts';
import { type Database, onDatabases, settingsOf } from './load/databases.ts';
import { createLoaded, type Loaded } from './load/definition.ts';
import type { Order, Replayed } from './load/exchange.ts';
import { helper, tell } from './load/helpers.ts';
import { measureRow, type RowSize } from './load/measure.ts';
import { type LongWork, memoryFigures, workLong } from './load/memory.ts';
import { PASSWORD, startPeer } from './load/peer.ts';
import { measurePush, takePushes } from './load/push.ts';
import { basic, ROWS, record } from './load/rows.ts';
import type { Figure } from './pairs.ts';

export interface LoadSize {
  databases: Database[];
  /** Whether to measure the second start. The first start is unusual, because it imports the built-in definitions. */
  restart: boolean;
  /** The number of saves before all other work. */
  saves: number;
  requests?: RequestsSize;
  long?: LongWork;
}

interface RequestsSize extends RowSize {
  pushes: number;
  /**
   * The number of validations before the pushes. The validations make V8 compile the code that judges a push, which
   * otherwise takes ten times as long.
   */
  warm: number;
}

export const measureLoad = (size: LoadSize): Promise<Figure[]> => onDatabases(size, measureOn);

async function measureOn(
  stack: AsyncDisposableStack,
  database: Database,
  { restart, saves, requests, long }: LoadSize,
): Promise<Figure[]> {
  const settings = await settingsOf(stack, database);
  const folder = await mkdtemp(join(tmpdir(), 'bench-load-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  if (restart) await startFirst(folder, settings);
  const served = await serve(folder, settings);
  stack.defer(() => served.close());

  const memory = await memoryFigures(stack, database, served);
  const loaded = await createLoaded(served);
  await loaded.validate(served.client);
  const figures = [memory.atRest, await memory.after('a validation')];
  for (let i = 0; i < saves; i++) await loaded.save(served.client);
  figures.push(await memory.after(`${saves} saves`));
  if (requests) {
    figures.push(...(await measureRequests(stack, database, folder, served, loaded, requests)));
  }
  if (long) figures.push(await memory.after(await workLong(stack, folder, served, loaded, long)));
  return figures;
}

async function measureRequests(
  stack: AsyncDisposableStack,
  database: Database,
  folder: string,
  served: Served,
  loaded: Loaded,
  size: RequestsSize,
): Promise<Figure[]> {
  const { path } = loaded;
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

  for (let i = 0; i < size.warm; i++) await loaded.validate(served.client);
  const targets = {
    ours: { url: served.url, path, authorization: user },
    peer: { url: peer.url, path, authorization: onPeer },
    floor: peer.name,
  };
  figures.push(...(await measurePush(stack, folder, database, size.pushes, targets, loaded)));
  return figures;
}
