/**
 * The read-only file system that isomorphic-git gets. The file system shows the packs of several objects folders as if
 * they were in one folder. It hides large packs, because isomorphic-git reads every pack as a whole.
 */
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes of the largest pack that isomorphic-git reads. Starting git costs less than keeping a larger pack in memory.
 */
const LARGEST_PACK = 4 * 1024 * 1024;

/**
 * The bytes of memory that isomorphic-git needs for each byte of an index, because it makes a map and a list of ids.
 */
const INDEX_WEIGHT = 10;

const absent = (path: string) =>
  Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });

function readOnly(): never {
  throw Object.assign(new Error('objects are written through ObjectBatch'), { code: 'EROFS' });
}

/**
 * Makes the file system for `gitdir`.
 * @param folders the objects folders with the packs: the repository's own, or a push's quarantine and then the own one
 * @param onRead receives the number of bytes that isomorphic-git keeps after a read
 * @returns the file system, and `hidesPacks`, which tells whether the last listing left out a large pack
 */
export function packFiles(
  gitdir: string,
  folders: readonly string[],
  onRead: (bytes: number) => void,
) {
  const packs = join(gitdir, 'objects', 'pack');
  /** The sizes of packs by name. A pack's name is the hash of its content, so its size never changes. */
  const packSizes = new Map<string, number>();
  let hidesPacks = false;

  async function firstOf<T>(name: string, look: (place: string) => Promise<T>): Promise<T> {
    for (const folder of folders) {
      try {
        return await look(join(folder, 'pack', name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    throw absent(name);
  }

  async function list(path: string): Promise<string[]> {
    if (path !== packs) throw absent(path);
    const names = await Promise.all(
      folders.map((folder) => readdir(join(folder, 'pack')).catch((): string[] => [])),
    );
    const indexes = [...new Set(names.flat())].filter((name) => name.endsWith('.idx'));
    const small: string[] = [];
    for (const index of indexes) if ((await packSize(index)) <= LARGEST_PACK) small.push(index);
    hidesPacks = small.length < indexes.length;
    return small;
  }

  async function packSize(index: string): Promise<number> {
    let size = packSizes.get(index);
    if (size === undefined) {
      size = (await firstOf(index.replace(/idx$/, 'pack'), (place) => stat(place))).size;
      packSizes.set(index, size);
    }
    return size;
  }

  /** Reads a file of a pack. Every other file is absent, including loose objects, which `readLoose` reads. */
  async function read(path: string): Promise<Buffer> {
    if (!path.startsWith(`${packs}/`)) throw absent(path);
    const bytes = await firstOf(path.slice(packs.length + 1), (place) => readFile(place));
    onRead(path.endsWith('.idx') ? INDEX_WEIGHT * bytes.length : bytes.length);
    return bytes;
  }

  const promises = {
    readFile: read as (path: string, options?: object) => Promise<Buffer>,
    stat: (path: string) => stat(path),
    lstat: (path: string) => lstat(path),
    readdir: list,
    writeFile: readOnly as (path: string, bytes: Uint8Array) => Promise<void>,
    mkdir: readOnly as (path: string) => Promise<void>,
    rmdir: readOnly as (path: string) => Promise<void>,
    unlink: readOnly as (path: string) => Promise<void>,
    readlink: readOnly as (path: string) => Promise<string>,
    symlink: readOnly as (target: string, path: string) => Promise<void>,
  };
  return { promises, hidesPacks: () => hidesPacks };
}
