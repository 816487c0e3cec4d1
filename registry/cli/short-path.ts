/** Makes sockets possible in folders with a long path. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A socket's path can have 108 bytes on Linux and 104 on macOS, including the final NUL (unix(7)). */
const MOST_BYTES = 103;

/**
 * Calls `act` with a short enough path to the same file. If `path` is too long, the short path leads through a symbolic
 * link to the folder. The link exists only while `act` runs.
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
