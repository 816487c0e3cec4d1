/** Takes a pushed pack into quarantine: every object is inflated, hashed and checked by git. */
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitProgram } from '../types.ts';
import type { Quarantine } from './quarantine.ts';

export interface PackLimits {
  /** The pack as sent. */
  packBytes: number;
  /** One file. */
  fileBytes: number;
}

/** Why a pack was not taken: a reason for git's report, and lines that say more. */
export interface Rejection {
  reason: string;
  help: string[];
}

const PACK_HEADER = 12;

/** How git names a pack without objects: the hash of its bytes before the hash. */
const EMPTY_PACK = '029d08823bd8a8eab510ad6ac75c823cfd3ed31e';

/** Objects in one push; git keeps about 100 bytes for each while it reads them. */
const MOST_OBJECTS = 100_000;

/** What git may allocate at once; an object that inflates to more ends the run before it is inflated. */
const OBJECT_MEMORY = 32 * 1024 * 1024;

/**
 * Streams `chunks` into `git index-pack`; undefined when all went well. Reads no further than `packBytes`.
 * Rejects where `chunks` do (the client has gone); git has ended by then.
 */
export async function indexPack(
  git: GitProgram,
  quarantine: Quarantine,
  chunks: AsyncIterable<Buffer>,
  limits: PackLimits,
  signal: AbortSignal,
): Promise<Rejection | undefined> {
  const memory = Math.max(OBJECT_MEMORY, 2 * limits.fileBytes);
  const child = git.spawn({
    // One thread, so that no push takes the whole machine; no streaming of big blobs, which would
    // inflate them at any size.
    args: [
      ...['-c', 'pack.threads=1', '-c', 'core.bigFileThreshold=1024g'],
      ...['index-pack', '--stdin', '--fix-thin', '--strict'],
      `--max-input-size=${limits.packBytes}`,
    ],
    cwd: quarantine.alone.GIT_DIR ?? '',
    env: { ...quarantine.env, GIT_ALLOC_LIMIT: String(memory) },
    signal,
    fed: true,
  });
  child.stdout.resume();
  const exit = child.exit.then(
    (result) => result,
    (error: Error) => ({ code: null, signal: null, stderr: error.message }),
  );
  let rejection: Rejection | undefined;
  try {
    rejection = await feed(child.stdin, exit, chunks, limits);
  } finally {
    child.stdin.end();
    await exit;
  }
  signal.throwIfAborted();
  const { code, stderr } = await exit;
  if (rejection !== undefined || code !== 0) return rejection ?? rejectionFrom(stderr);
  await dropEmptyPack(quarantine.path);
  return undefined;
}

/** A push of commits that the repository has comes with a pack of nothing, which is not worth keeping. */
async function dropEmptyPack(objects: string): Promise<void> {
  const packs = join(objects, 'pack');
  for (const name of await readdir(packs))
    if (name.startsWith(`pack-${EMPTY_PACK}.`)) await rm(join(packs, name));
}

async function feed(
  stdin: NodeJS.WritableStream,
  exit: Promise<unknown>,
  chunks: AsyncIterable<Buffer>,
  limits: PackLimits,
): Promise<Rejection | undefined> {
  let ended = false;
  exit.then(() => {
    ended = true;
  });
  let header = Buffer.alloc(0);
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limits.packBytes) return tooLarge(limits);
    if (header.length < PACK_HEADER) {
      header = Buffer.concat([header, chunk.subarray(0, PACK_HEADER - header.length)]);
      if (header.length === PACK_HEADER && header.readUInt32BE(8) > MOST_OBJECTS)
        return { reason: 'too many objects', help: [`A push may have ${MOST_OBJECTS} objects.`] };
    }
    if (!ended && !stdin.write(chunk)) await Promise.race([once(stdin, 'drain'), exit]);
    if (ended) return undefined;
  }
  return undefined;
}

function tooLarge({ packBytes }: PackLimits): Rejection {
  const limit = `${(packBytes / 1024 / 1024).toFixed(1)} MiB`;
  return {
    reason: 'pack too large',
    help: [`A push may have ${limit}, packed; push less at once.`],
  };
}

/** Git ends with a line `fatal: …`, and says before it which object is broken. */
function rejectionFrom(stderr: string): Rejection {
  const lines = stderr.split('\n').filter((line) => /^(error|fatal): /.test(line));
  const last = lines.findLast((line) => line.startsWith('fatal: ')) ?? 'fatal: the pack is broken';
  if (/attempting to allocate|exceeds maximum allowed size/.test(last))
    return {
      reason: 'object too large',
      help: ['An object of this push is far over the file size limit.'],
    };
  return {
    reason: `index-pack failed: ${last.slice('fatal: '.length)}`,
    help: lines.filter((line) => line.startsWith('error: ')).slice(0, 20),
  };
}
