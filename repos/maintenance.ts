/** Packs, prunes and checks one repository, and compares its commits, with the git program. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cache } from './caches.ts';
import type { GitProgram } from './types.ts';

/**
 * The number of loose objects at which a repository is packed. Git's own number is 6,700 (gc.auto), meant for large
 * projects. Reading a definition's history becomes slow much earlier, and packing 256 objects takes milliseconds.
 */
const LOOSE_LIMIT = 256;
/** The number of packs at which they are merged into one (the default of git's gc.autoPackLimit). */
const PACK_LIMIT = 50;
/** The default of git's gc.pruneExpire. A younger object may belong to a new commit that a ref is about to reach. */
const EXPIRE = '2.weeks.ago';

const at = (path: string) => ({ cwd: path, env: { GIT_DIR: path } });

/** Packs if there is enough to pack, then deletes unreachable objects older than two weeks. Returns whether it packed. */
export async function pack(git: GitProgram, path: string): Promise<boolean> {
  const { loose, packs } = await count(path);
  if (loose < LOOSE_LIMIT && packs < PACK_LIMIT) return false;
  const all = packs < PACK_LIMIT ? [] : ['-A', `--unpack-unreachable=${EXPIRE}`];
  const repack = ['-c', 'core.fsync=all', 'repack', '-d', '-l', '-q', ...all];
  await git.run({ ...at(path), args: repack });
  await git.run({ ...at(path), args: ['prune', `--expire=${EXPIRE}`] });
  return true;
}

async function count(path: string): Promise<{ loose: number; packs: number }> {
  const objects = join(path, 'objects');
  const folders = (await readdir(objects)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const loose = await Promise.all(folders.map((name) => readdir(join(objects, name))));
  const packs = (await readdir(join(objects, 'pack'))).filter((name) => name.endsWith('.pack'));
  return { loose: loose.flat().length, packs: packs.length };
}

/** Returns the complaints of `git fsck --strict`, except those about dangling objects and a `main` without commits. */
export async function check(git: GitProgram, path: string): Promise<string[]> {
  const args = ['fsck', '--strict', '--no-dangling', '--no-progress'];
  // Every exit code is allowed: it is a sum of bits, one for each kind of complaint (builtin/fsck.c).
  const allow = Array.from({ length: 63 }, (_, index) => index + 1);
  const { code, stdout, stderr } = await git.run({ ...at(path), args, allow });
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('notice: '));
  return code !== 0 && lines.length === 0 ? [`git fsck ended with ${code}`] : lines;
}

/** The hash of the empty tree. Git knows this tree even if the repository does not contain it. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

export function diff(
  git: GitProgram,
  path: string,
  from: string | null,
  to: string,
  diffs: Cache<Buffer>,
): Promise<Buffer> {
  const options = ['--no-color', '--no-ext-diff', '--no-textconv', '-M'];
  const args = [
    '-c',
    'core.quotePath=false',
    'diff',
    ...options,
    '--end-of-options',
    from ?? EMPTY_TREE,
    to,
    '--',
  ];
  return diffs.load(`${from} ${to}`, async () => (await git.run({ ...at(path), args })).stdout);
}
