/** Reads the pack of a push: in memory if it is small and plain, otherwise git inflates, hashes and checks every object. */
import { once } from 'node:events';
import type { GitProgram, Oid } from '../types.ts';
import { isPlainlySound } from './plainly-sound.ts';
import type { Quarantine } from './quarantine.ts';
import { announcedObjects, PACK_HEADER, type PackedObject, readSmallPack } from './small-pack.ts';

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

/** Objects in one push; git keeps about 100 bytes for each while it reads them. */
const MOST_OBJECTS = 100_000;

/**
 * At most this many objects become loose objects (loosen.ts). Otherwise a repository would get a pack with every push, and
 * each read would search all of them.
 */
const FEW_OBJECTS = 32;

/** The largest pack that is read in memory, in bytes: as sent, and with all its objects inflated. A larger one would delay other requests. */
const SMALL_PACK = 256 * 1024;
const SMALL_CONTENT = 1024 * 1024;

/** The most that git may allocate at once. A larger object ends the run before it is inflated. */
const memoryFor = ({ fileBytes }: PackLimits, few: boolean): number =>
  Math.max((few ? 2 : 32) * 1024 * 1024, 2 * fileBytes);

/** A pack for git: what was already read, and the rest. */
export interface IncomingPack {
  /** Few enough to become loose objects. */
  few: boolean;
  head: Buffer[];
  rest: AsyncIterator<Buffer>;
}

export type Incoming =
  /** All objects, which fsck certainly accepts. */
  | { objects: ReadonlyMap<Oid, PackedObject> }
  /** It is large, unusual or broken: git decides. */
  | { pack: IncomingPack }
  | { broken: Rejection };

/** Reads a small pack in memory and begins to read any other. Rejects if `chunks` do. */
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
 * Streams a pack into git, at most `packBytes`, and returns why it is refused. Rejects if the chunks do (the client has
 * disconnected), after git has ended.
 *
 * Git sees only the quarantine, so no delta can be based on an object of the repository, which the pusher may not be
 * allowed to see. Later, connectivity.ts checks that the named objects are there.
 */
export async function feedGit(
  git: GitProgram,
  quarantine: Quarantine,
  { few, head, rest }: IncomingPack,
  limits: PackLimits,
  signal: AbortSignal,
): Promise<Rejection | undefined> {
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
