/**
 * Writes a whole repository as one stream, a git bundle of version 2 (gitformat-bundle(5)), and reads it back. Stock git
 * can clone and fetch from a bundle. Objects never change, so the caller may pass refs that it read earlier.
 */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { MAIN } from '../text/refs.ts';
import { RepositoryError } from './errors.ts';
import { isRefName } from './ref-names.ts';
import type { GitProgram, Oid, Refs, RefUpdate } from './types.ts';

const SIGNATURE = '# v2 git bundle\n';
/** The most bytes of a bundle's list of refs. Definitions need far fewer. */
const MOST_HEADER = 64 * 1024 * 1024;

const at = (path: string) => ({ cwd: path, env: { GIT_DIR: path } });

/**
 * Streams a bundle of these refs and every object that they reach and `known` does not reach. If git fails, the stream fails
 * with `git_failed`.
 */
export function readBundle(
  git: GitProgram,
  path: string,
  refs: Refs,
  known: readonly Oid[] = [],
): Readable {
  return Readable.from(bundle(git, path, refs, known), { objectMode: false });
}

/** The part of a bundle before its pack: the signature and the list of refs. */
export function bundleHeader(refs: Refs, known: readonly Oid[] = []): Buffer {
  const main = refs.get(MAIN);
  const listed: [string, Oid][] = [...refs].map(([ref, { oid }]) => [ref, oid]);
  // With HEAD, a clone of the bundle checks out `main`.
  if (main) listed.push(['HEAD', main.oid]);
  const needed = known.map((oid) => `-${oid}\n`).join('');
  return Buffer.from(
    `${SIGNATURE}${needed}${listed.map(([ref, oid]) => `${oid} ${ref}\n`).join('')}\n`,
  );
}

async function* bundle(
  git: GitProgram,
  path: string,
  refs: Refs,
  known: readonly Oid[],
): AsyncGenerator<Buffer> {
  yield bundleHeader(refs, known);
  const args = ['pack-objects', '--revs', '--stdout', '--delta-base-offset', '-q'];
  const child = git.spawn({ ...at(path), args });
  const wanted = new Set([...refs.values()].map(({ oid }) => oid));
  child.stdin.end([...wanted, ...known.map((oid) => `^${oid}`)].map((rev) => `${rev}\n`).join(''));
  yield* child.stdout as AsyncIterable<Buffer>;
  await demandSuccess(child.exit, args);
}

/**
 * Writes the objects of a bundle into a repository and returns the refs of the bundle. The objects are durable on
 * return. Checks every object, and checks that no object refers to a missing one. Moves no ref. Throws `bad_object` if
 * the bundle is damaged or incomplete.
 */
export async function adoptObjects(
  git: GitProgram,
  path: string,
  chunks: AsyncIterable<Buffer>,
): Promise<RefUpdate[]> {
  const source = chunks[Symbol.asyncIterator]();
  const { header, rest } = await readHeader(source);
  const refs = parseHeader(header);
  const args = ['-c', 'core.fsync=all', 'index-pack', '--stdin', '--strict'];
  const child = git.spawn({ ...at(path), args });
  child.stdout.resume();
  const ended = child.exit.then(
    () => true,
    () => true,
  );
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const feed = async (chunk: Buffer) => {
    if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain'), ended]);
  };
  try {
    await feed(rest);
    for (let next = await source.next(); !next.done && !isOver; next = await source.next()) {
      await feed(next.value);
    }
  } finally {
    child.stdin.end();
    await ended;
  }
  await demandSuccess(child.exit, args).catch((cause: Error) => {
    throw new RepositoryError('bad_object', cause.message, { cause });
  });
  return refs;
}

/** Reads up to the empty line after the header. `rest` is the beginning of the pack. */
async function readHeader(
  source: AsyncIterator<Buffer>,
): Promise<{ header: string; rest: Buffer }> {
  let read = Buffer.alloc(0);
  for (;;) {
    const end = read.indexOf('\n\n');
    if (end >= 0)
      return { header: read.toString('utf8', 0, end + 1), rest: read.subarray(end + 2) };
    const next = await source.next();
    if (next.done || read.length > MOST_HEADER) {
      throw new RepositoryError('bad_object', 'the git bundle ends within its header');
    }
    read = Buffer.concat([read, next.value]);
  }
}

function parseHeader(header: string): RefUpdate[] {
  if (!header.startsWith(SIGNATURE))
    throw new RepositoryError('bad_object', 'the data is not a git bundle');
  const lines = header.slice(SIGNATURE.length).split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    // Objects that the repository must have. The check of links finds out if it does not.
    if (/^-[0-9a-f]{40}\b/.test(line)) return [];
    const [, oid, ref] = /^([0-9a-f]{40}) (.+)$/s.exec(line) ?? [];
    if (ref === 'HEAD') return [];
    if (oid === undefined || ref === undefined || !isRefName(ref)) {
      throw new RepositoryError(
        'bad_object',
        `the git bundle has an invalid ref line: ${JSON.stringify(line)}`,
      );
    }
    return [{ ref, from: null, to: oid }];
  });
}

async function demandSuccess(
  exit: ReturnType<GitProgram['spawn']>['exit'],
  args: string[],
): Promise<void> {
  const { code, signal, stderr } = await exit;
  if (code === 0) return;
  const why = stderr.trim() || `it ended with ${code ?? signal}`;
  throw new RepositoryError('git_failed', `git ${args.join(' ')}: ${why}`);
}
