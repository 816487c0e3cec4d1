/** File effects that are on the disk when they return: fsync of the bytes, then of the folder. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes and fsyncs a file; its folder is the caller's to sync. */
export async function writeSynced(
  path: string,
  bytes: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder (or the bytes of a file) durable. */
export async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts new bytes under a name at once: a reader, or a crash, sees the old file or the new one. */
export async function replaceFile(
  path: string,
  temporary: string,
  bytes: Uint8Array | string,
): Promise<void> {
  await writeSynced(temporary, bytes);
  await rename(temporary, path);
  await sync(dirname(path));
}
