/** Unpacks a push into quarantine: git inflates, hashes and checks every object. */
import { once } from 'node:events';
import type { GitProgram } from '../types.ts';
import type { Quarantine } from './quarantine.ts';

export interface PackLimits {
  /** The pack as sent. */
  packBytes: number;
  /** One file. */
  fileBytes: number;
}

/** Why a pack was refused: a reason for git's report, and lines with details. */
export interface Rejection {
  reason: string;
  help: string[];
}

const PACK_HEADER = 12;

/** Objects in one push; git keeps about 100 bytes for each while it reads them. */
const MOST_OBJECTS = 100_000;

/**
 * At most this many objects become loose objects (loosen.ts). Otherwise a repository would get a pack with every push, and
 * each read would search all of them.
 */
const FEW_OBJECTS = 32;

/** The most that git may allocate at once. A larger object ends the run before it is inflated. */
const memoryFor = ({ fileBytes }: PackLimits, few: boolean): number =>
  Math.max((few ? 2 : 32) * 1024 * 1024, 2 * fileBytes);

export interface Unpacked {
  /** Undefined if the pack is good. */
  broken: Rejection | undefined;
  /** Few enough to become loose objects. */
  few: boolean;
}

/**
 * Streams `chunks` into git, at most `packBytes`. Rejects if `chunks` do (the client has disconnected), after git has
 * ended.
 *
 * Git sees only the quarantine, so no delta can be based on an object of the repository, which the pusher may not be
 * allowed to see. Later, connectivity.ts checks that the named objects are there.
 */
export async function unpack(
  git: GitProgram,
  quarantine: Quarantine,
  chunks: AsyncIterable<Buffer>,
  limits: PackLimits,
  signal: AbortSignal,
): Promise<Unpacked> {
  const pack = chunks[Symbol.asyncIterator]();
  const head = await headOf(pack);
  const count = head.length < PACK_HEADER ? 0 : head.readUInt32BE(8);
  const few = count <= FEW_OBJECTS;
  if (count > MOST_OBJECTS) {
    const help = [`A push can have at most ${MOST_OBJECTS} objects.`];
    return { broken: { reason: 'too many objects', help }, few };
  }
  const child = git.spawn({
    // No streaming of big blobs, which would inflate them at any size; one thread, so that no push takes the
    // whole machine.
    args: [
      ...['-c', 'core.bigFileThreshold=1024g', '-c', 'pack.threads=1'],
      // Loose objects are synced later, as files.
      ...(few ? ['-c', 'core.fsync=none'] : []),
      ...['index-pack', '--stdin', '--fsck-objects', `--max-input-size=${limits.packBytes}`],
    ],
    cwd: quarantine.alone.GIT_DIR ?? '',
    env: { ...quarantine.alone, GIT_ALLOC_LIMIT: String(memoryFor(limits, few)) },
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
    rejection = await feed(child.stdin, exit, withHead(head, pack), limits);
  } finally {
    child.stdin.end();
    await exit;
  }
  signal.throwIfAborted();
  const { code, stderr } = await exit;
  const failed = code === 0 ? undefined : rejectionFrom(stderr, limits);
  return { broken: rejection ?? failed, few };
}

/** Reads as many chunks as hold the header; returns fewer bytes if the pack ends before. */
async function headOf(pack: AsyncIterator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < PACK_HEADER) {
    const { done, value } = await pack.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function* withHead(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
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
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limits.packBytes) return tooLarge(limits);
    if (!ended && !stdin.write(chunk)) await Promise.race([once(stdin, 'drain'), exit]);
    if (ended) return undefined;
  }
  return undefined;
}

function tooLarge({ packBytes }: PackLimits): Rejection {
  const limit = `${(packBytes / 1024 / 1024).toFixed(1)} MiB`;
  return {
    reason: 'pack too large',
    help: [`A push can have at most ${limit}, packed. Push fewer commits at once.`],
  };
}

/** Git's last line is `fatal: …`; the lines before it name the broken object. */
function rejectionFrom(stderr: string, { fileBytes }: PackLimits): Rejection {
  const lines = stderr.split('\n').filter((line) => /^(error|fatal): /.test(line));
  const last = lines.findLast((line) => line.startsWith('fatal: ')) ?? 'fatal: the pack is broken';
  if (/attempting to allocate|exceeds maximum allowed size/.test(last)) {
    const [, size = 'too many'] = /allocate (\d+)/.exec(last) ?? [];
    return {
      reason: 'object too large',
      help: [
        `An object of this push has ${size} bytes; a file can have at most ${fileBytes}.`,
        'To find it, run: git ls-tree -r -l HEAD',
      ],
    };
  }
  return {
    reason: `unpacking failed: ${last.slice('fatal: '.length)}`,
    help: lines.filter((line) => line.startsWith('error: ')).slice(0, 20),
  };
}
