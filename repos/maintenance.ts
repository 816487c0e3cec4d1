/** The git program's housekeeping of one repository: packing, pruning, checking. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cache } from './caches.ts';
import type { GitProgram } from './types.ts';

/**
 * git packs at 6,700 loose objects (gc.auto), a number for large projects. Reading a definition's history becomes slow
 * much earlier, and packing this few takes milliseconds.
 */
const LOOSE_LIMIT = 256;
/** The default of git's gc.autoPackLimit. */
const PACK_LIMIT = 50;
/** The default of git's gc.pruneExpire: a younger object may belong to a commit whose ref has not moved yet. */
const EXPIRE = '2.weeks.ago';

const at = (path: string) => ({ cwd: path, env: { GIT_DIR: path } });

/** Packs if there is enough to pack, and deletes objects that no ref has reached for two weeks. */
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

/** The complaints of `git fsck --strict`, without dangling objects and an unborn `main`. */
export async function check(git: GitProgram, path: string): Promise<string[]> {
  const args = ['fsck', '--strict', '--no-dangling', '--no-progress'];
  // The exit code is a sum of bits, one for each kind of complaint (builtin/fsck.c).
  const allow = Array.from({ length: 63 }, (_, index) => index + 1);
  const { code, stdout, stderr } = await git.run({ ...at(path), args, allow });
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('notice: '));
  return code !== 0 && lines.length === 0 ? [`git fsck ended with ${code}`] : lines;
}

/** The hash of the empty tree, which git knows even if it is not stored. */
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
