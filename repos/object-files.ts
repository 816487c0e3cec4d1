/** The file system that isomorphic-git sees: object folders laid over each other, read only. */
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const absent = (path: string) =>
  Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });

function readOnly(): never {
  throw Object.assign(new Error('objects are written through ObjectBatch'), { code: 'EROFS' });
}

/**
 * The files of `gitdir`, with what stands below its `objects/` looked for in each of `folders` in
 * turn: the repository's own, or a quarantine's before it.
 */
export function objectFiles(gitdir: string, folders: readonly string[]) {
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
    return [...new Set(names.flat())];
  }

  return {
    readFile: (path: string, options?: Parameters<typeof readFile>[1]) =>
      firstOf(path, (place): Promise<Buffer | string> => readFile(place, options ?? null)),
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
}
