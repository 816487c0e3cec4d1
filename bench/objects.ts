/** Compares the registry's own object reader with the alternatives (docs/decisions/0034-reading-objects.md). */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readObject } from 'isomorphic-git';
import { CACHE_SHARES } from '../registry/cache-shares.ts';
import { Caches } from '../repos/caches.ts';
import { CatFile } from '../repos/cat-file.ts';
import { openGitCaches } from '../repos/git-caches.ts';
import { ObjectStore } from '../repos/object-store.ts';
import { isTree, parseCommit, parseTree } from '../repos/object-text.ts';
import { openGitProgram } from '../repos/process.ts';
import { git } from '../test/helpers/git.ts';
import { type Figure, inTurn, timed } from './pairs.ts';
import { sources } from './sources.ts';

const VERSIONS = 60;
const MIB = 1024 * 1024;
/** The number of reads per measurement. */
const IN_A_ROW = 10;

type Read = (oid: string) => Promise<Uint8Array>;

/** Every round starts with empty caches, like the first request for a repository. */
export async function measureObjects(rounds: number): Promise<Figure[]> {
  const root = await mkdtemp(join(tmpdir(), 'bench-objects-'));
  const program = await openGitProgram();
  const ours = (gitdir: string): Read => {
    const caches = openGitCaches(new Caches(256 * MIB, CACHE_SHARES));
    const objects = new ObjectStore(program, gitdir, caches);
    return async (oid) => (await objects.read(oid)).bytes;
  };
  const byIsomorphicGit = (gitdir: string): Read => {
    const cache = {};
    return async (oid) =>
      (await readObject({ fs, gitdir, cache, oid, format: 'content' })).object as Uint8Array;
  };
  const byGit = (gitdir: string): Read => {
    const git = new CatFile(program, { GIT_DIR: gitdir });
    return async (oid) => (await git.read(oid))?.bytes ?? new Uint8Array();
  };
  try {
    const loose = await repository(root, 'loose', 0);
    const packed = await repository(root, 'packed', 0, ['repack', '-adq']);
    const large = await repository(root, 'large', 6, ['repack', '-adq']);
    const reads =
      (from: typeof ours, { gitdir, head }: typeof loose) =>
      () =>
        timed(async () => {
          for (let i = 0; i < IN_A_ROW; i++) await walk(from(gitdir), head);
        });
    const pair = (at: typeof loose, floor: typeof ours) =>
      inTurn(rounds, reads(ours, at), reads(floor, at));
    const looseReads = await pair(loose, byIsomorphicGit);
    const packedReads = await pair(packed, byGit);
    const largeReads = await pair(large, byIsomorphicGit);
    const [isomorphic, catFile] = ['isomorphic-git', 'git cat-file'];
    const name = (where: string) => `first read of a version, ${where}`;
    return [
      { name: name('loose'), floor: isomorphic, unit: 'ms', of: IN_A_ROW, ...looseReads },
      { name: name('in a small pack'), floor: catFile, unit: 'ms', of: IN_A_ROW, ...packedReads },
      {
        name: name('in a pack of 6 MiB'),
        floor: isomorphic,
        unit: 'ms',
        of: IN_A_ROW,
        ...largeReads,
      },
    ];
  } finally {
    await program.close();
    await rm(root, { recursive: true, force: true });
  }
}

/** Reads the commit, its folders, and every file smaller than a mebibyte. */
async function walk(read: Read, commit: string): Promise<void> {
  const below = async (tree: string): Promise<void> => {
    for (const { mode, name, oid } of parseTree(await read(tree))) {
      if (isTree(mode)) await below(oid);
      else if (!name.endsWith('.bin')) await read(oid);
    }
  };
  await below(parseCommit(commit, await read(commit)).tree);
}

/** Creates a definition with many versions. `large` is the number of its files of one mebibyte. */
async function repository(root: string, name: string, large: number, pack?: string[]) {
  const cwd = join(root, name);
  const source = await sources();
  fs.mkdirSync(join(cwd, 'docs'), { recursive: true });
  await git(['init', '-q', '-b', 'main'], { cwd });
  for (let n = 0; n < large; n++) await writeFile(join(cwd, `${n}.bin`), randomBytes(MIB));
  for (let version = 1; version <= VERSIONS; version++) {
    await writeFile(join(cwd, 'Meter.py'), source('Meter', version));
    await writeFile(join(cwd, 'docs', 'README.md'), `Version ${version}\n`);
    await git(['add', '.'], { cwd });
    await git(['commit', '-q', '-m', `Version ${version}`], { cwd });
  }
  if (pack) await git(pack, { cwd });
  const head = (await git(['rev-parse', 'HEAD'], { cwd })).trim();
  return { gitdir: join(cwd, '.git'), head };
}
