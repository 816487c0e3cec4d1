/**
 * The file system that isomorphic-git sees: object folders laid over each other, read only, without
 * the packs that are too large for it, since it reads a pack whole.
 */
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A larger pack is left to git: it would cost more memory to hold than a git process takes time. Bytes. */
const LARGEST_PACK = 4 * 1024 * 1024;

/** What isomorphic-git makes of an index, relative to its size: a map and a list of ids as strings. */
const INDEX_WEIGHT = 10;

const absent = (path: string) =>
  Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });

function readOnly(): never {
  throw Object.assign(new Error('objects are written through ObjectBatch'), { code: 'EROFS' });
}

/**
 * The files of `gitdir`, with what stands below its `objects/` looked for in each of `folders` in
 * turn: the repository's own, or a quarantine's before it. `held` is told of bytes that isomorphic-git
 * will keep. `hidesPacks` tells whether the newest listing of packs left out a large one.
 */
export function objectFiles(
  gitdir: string,
  folders: readonly string[],
  held: (bytes: number) => void,
) {
  const packs = join(gitdir, 'objects', 'pack');
  /** Packs are named by their content, so a size once known stays right. */
  const packSizes = new Map<string, number>();
  let hidesPacks = false;
  const prefix = `${join(gitdir, 'objects')}/`;
  const places = (path: string) =>
    path.startsWith(prefix)
      ? folders.map((folder) => join(folder, path.slice(prefix.length)))
      : [path];

  async function firstOf<T>(path: string, look: (place: string) => Promise<T>): Promise<T> {
    for (const place of places(path)) {
      try {
        return await look(place);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    throw absent(path);
  }

  async function listAll(path: string): Promise<string[]> {
    const names = await Promise.all(
      places(path).map((place) => readdir(place).catch((): string[] => [])),
    );
    const all = [...new Set(names.flat())];
    return path === packs ? withoutLargePacks(all) : all;
  }

  async function withoutLargePacks(names: string[]): Promise<string[]> {
    const indexes = names.filter((name) => name.endsWith('.idx'));
    const small: string[] = [];
    for (const index of indexes) if ((await packSize(index)) <= LARGEST_PACK) small.push(index);
    hidesPacks = small.length < indexes.length;
    return small;
  }

  async function packSize(index: string): Promise<number> {
    let size = packSizes.get(index);
    if (size === undefined) {
      const pack = join(packs, index.replace(/idx$/, 'pack'));
      size = (await firstOf(pack, (place) => stat(place))).size;
      packSizes.set(index, size);
    }
    return size;
  }

  async function read(
    path: string,
    options?: Parameters<typeof readFile>[1],
  ): Promise<Buffer | string> {
    const bytes = await firstOf(path, (place) => readFile(place, options ?? null));
    if (path.endsWith('.pack')) held(bytes.length);
    if (path.endsWith('.idx')) held(INDEX_WEIGHT * bytes.length);
    return bytes;
  }

  const promises = {
    readFile: read,
    stat: (path: string) => firstOf(path, (place) => stat(place)),
    lstat: (path: string) => firstOf(path, (place) => lstat(place)),
    readdir: listAll,
    writeFile: readOnly as (path: string, bytes: Uint8Array) => Promise<void>,
    mkdir: readOnly as (path: string) => Promise<void>,
    rmdir: readOnly as (path: string) => Promise<void>,
    unlink: readOnly as (path: string) => Promise<void>,
    readlink: readOnly as (path: string) => Promise<string>,
    symlink: readOnly as (target: string, path: string) => Promise<void>,
  };
  return { promises, hidesPacks: () => hidesPacks };
}
