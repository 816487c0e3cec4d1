/** The rows of the load table, and the recording of real git's requests for them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../../test/helpers/git.ts';
import type { Exchange } from './exchange.ts';
import { startRecorder } from './record.ts';

export interface Row {
  name: string;
  keepAlive: boolean;
  /** The registry must be at least this many times as fast as the peer and as the bare server. */
  goals: { peer: number; bare?: number };
  requests: keyof Recordings;
}

export const ROWS: Row[] = [
  { name: 'unchanged poll', keepAlive: true, goals: { peer: 60, bare: 0.7 }, requests: 'poll' },
  {
    name: 'unchanged poll, new connection',
    keepAlive: false,
    goals: { peer: 25, bare: 0.8 },
    requests: 'poll',
  },
  {
    name: 'unchanged poll, protocol v0',
    keepAlive: true,
    goals: { peer: 15 },
    requests: 'oldPoll',
  },
  { name: 'clone of 19 KB', keepAlive: true, goals: { peer: 40, bare: 0.7 }, requests: 'clone' },
  { name: 'shallow clone', keepAlive: true, goals: { peer: 40, bare: 0.7 }, requests: 'shallow' },
];

export interface Recordings {
  clone: Exchange[];
  shallow: Exchange[];
  poll: Exchange[];
  oldPoll: Exchange[];
}

/** The header of HTTP Basic (RFC 7617). */
export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Records what git sends to a server for the repository at `path`. */
export async function record(
  folder: string,
  server: string,
  path: string,
  authorization: string,
): Promise<Recordings> {
  const recorder = await startRecorder(server);
  const work = await mkdtemp(join(folder, 'recorded-'));
  const url = `${recorder.url}${path}`;
  const run = async (...args: string[]) => {
    // Credentials in a header are sent with the first request. Without the header, git sends credentials only after a
    // 401.
    await git(['-c', `http.extraHeader=Authorization: ${authorization}`, ...args], { cwd: work });
    return recorder.taken();
  };
  try {
    return {
      clone: await run('clone', '--quiet', url, 'whole'),
      shallow: await run('clone', '--quiet', '--depth=1', url, 'shallow'),
      poll: await run('-C', 'whole', 'fetch', '--quiet'),
      oldPoll: await run('-C', 'whole', '-c', 'protocol.version=0', 'fetch', '--quiet'),
    };
  } finally {
    recorder.close();
    await rm(work, { recursive: true });
  }
}
