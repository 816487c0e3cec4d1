/** Reads the pack of a push: in memory if it is small and plain, otherwise through git, which checks every object. */
import { once } from 'node:events';
import type { GitProgram, Oid } from '../types.ts';
import { isPlainlySound } from './plainly-sound.ts';
import type { Quarantine } from './quarantine.ts';
import { announcedObjects, PACK_HEADER, type PackedObject, readSmallPack } from './small-pack.ts';

export interface PackLimits {
  /** The most bytes of a pack as sent. */
  packBytes: number;
  /** The most bytes of one file. */
  fileBytes: number;
}

/** Why a push is refused: a reason for git's report, and lines with details. */
export interface Rejection {
  reason: string;
  help: string[];
}

/** The most objects in one push. Git keeps about 100 bytes in memory for each object while it reads the pack. */
const MOST_OBJECTS = 100_000;

/**
 * A pack with at most this many objects is turned into loose objects (loosen.ts). If packs were kept, every push would
 * add a pack to the repository, and each read would search all packs.
 */
const FEW_OBJECTS = 32;

/** Bytes, as sent, of the largest pack that is read in memory. Reading a larger pack would delay other requests. */
const SMALL_PACK = 256 * 1024;
/** The most bytes of all objects of such a small pack together, inflated. */
const SMALL_CONTENT = 1024 * 1024;

/** The most bytes that git may allocate at once. Git ends with an error before it inflates a larger object. */
const memoryFor = ({ fileBytes }: PackLimits, few: boolean): number =>
  Math.max((few ? 2 : 32) * 1024 * 1024, 2 * fileBytes);

/** A pack that git must read: the chunks that were already read, and the rest. */
export interface IncomingPack {
  /** Whether the pack has so few objects that they become loose objects. */
  few: boolean;
  head: Buffer[];
  rest: AsyncIterator<Buffer>;
}

export type Incoming =
  /** All objects of a small pack. Git's fsck would accept these objects. */
  | { objects: ReadonlyMap<Oid, PackedObject> }
  /** A pack that is large, unusual or broken. Git must read it. */
  | { pack: IncomingPack }
  | { broken: Rejection };

/** Reads a small pack in memory, or the beginning of any other pack. Rejects if `chunks` reject. */
export async function readPack(
  chunks: AsyncIterable<Buffer>,
  limits: PackLimits,
): Promise<Incoming> {
  const rest = chunks[Symbol.asyncIterator]();
  const head: Buffer[] = [];
  let start: Buffer = Buffer.alloc(0);
  let size = 0;
  let isWhole = false;
  while (!isWhole && size <= SMALL_PACK) {
    const { done, value } = await rest.next();
    if (done) isWhole = true;
    else {
      head.push(value);
      size += value.length;
      if (start.length < PACK_HEADER) start = Buffer.concat([start, value]);
      if (announcedObjects(start) > FEW_OBJECTS) break;
    }
  }
  const count = announcedObjects(start);
  if (count > MOST_OBJECTS) {
    const help = [`A push can have at most ${MOST_OBJECTS} objects.`];
    return { broken: { reason: 'too many objects', help } };
  }
  const few = count <= FEW_OBJECTS;
  const objects =
    isWhole && few && size <= limits.packBytes
      ? readSmallPack(Buffer.concat(head), { objects: FEW_OBJECTS, bytes: SMALL_CONTENT })
      : undefined;
  const plain =
    objects && [...objects.values()].every(({ type, bytes }) => isPlainlySound(type, bytes));
  return plain ? { objects } : { pack: { few, head, rest } };
}

/**
 * Streams a pack into git, at most `packBytes`, and returns why git refused it. If the client disconnects, waits for git
 * to end and then rejects.
 *
 * Git sees only the quarantine. So no delta can be based on an object of the repository, which the pusher may not be
 * allowed to see. Later, connectivity.ts checks that no object is missing.
 */
export async function feedGit(
  git: GitProgram,
  quarantine: Quarantine,
  { few, head, rest }: IncomingPack,
  limits: PackLimits,
  signal: AbortSignal,
): Promise<Rejection | undefined> {
  const child = git.spawn({
    // The threshold turns off git's streaming of big files, which would inflate them whatever their size. With one
    // thread, no push can use all processors.
    args: [
      ...['-c', 'core.bigFileThreshold=1024g', '-c', 'pack.threads=1'],
      // The few objects of such a push are synced later, as loose objects.
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
    rejection = await feed(child.stdin, exit, withHead(head, rest), limits);
  } finally {
    child.stdin.end();
    await exit;
  }
  signal.throwIfAborted();
  const { code, stderr } = await exit;
  const failed = code === 0 ? undefined : rejectionFrom(stderr, limits);
  return rejection ?? failed;
}

async function* withHead(head: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* head;
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
    help: [
      `The packed objects of a push can take up at most ${limit}. Push fewer commits at once.`,
    ],
  };
}

/**
 * Makes a rejection from git's error output. The last line of the output is `fatal: …`, and the lines before it name
 * broken objects.
 */
function rejectionFrom(stderr: string, { fileBytes }: PackLimits): Rejection {
  const lines = stderr.split('\n').filter((line) => /^(error|fatal): /.test(line));
  const last = lines.findLast((line) => line.startsWith('fatal: ')) ?? 'fatal: the pack is broken';
  if (/attempting to allocate|exceeds maximum allowed size/.test(last)) {
    const [, size = 'too many'] = /allocate (\d+)/.exec(last) ?? [];
    return {
      reason: 'object too large',
      help: [
        `An object of this push has ${size} bytes; a file can have at most ${fileBytes}.`,
        'To find the large file, run: git ls-tree -r -l HEAD',
      ],
    };
  }
  return {
    reason: `unpacking failed: ${last.slice('fatal: '.length)}`,
    help: lines.filter((line) => line.startsWith('error: ')).slice(0, 20),
  };
}
