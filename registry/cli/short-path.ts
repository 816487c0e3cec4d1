/** Sockets in folders whose path is longer than the system lets a socket's be. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A socket's path has 108 bytes on Linux and 104 on macOS, the NUL at its end included (unix(7)). */
const MOST_BYTES = 103;

/**
 * Does `act` with a path to the same file that is short enough: where need be through a symbolic link
 * to its folder, which is there for as long as `act` takes.
 */
export async function withShortPath<T>(
  path: string,
  act: (path: string) => Promise<T>,
): Promise<T> {
  if (Buffer.byteLength(path) <= MOST_BYTES) return await act(path);
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  try {
    const link = join(folder, 'd');
    await symlink(dirname(path), link);
    return await act(join(link, basename(path)));
  } finally {
    await rm(folder, { recursive: true });
  }
}
