/** Sockets in folders whose path is too long for a socket's. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** The path of a socket has 108 bytes on Linux and 104 on macOS, including the final NUL (unix(7)). */
const MOST_BYTES = 103;

/**
 * Calls `act` with a short path to the same file. If the path is too long, it goes through a symbolic link to the
 * folder, which exists while `act` runs.
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
