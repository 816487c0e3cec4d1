/** File operations that survive a power cut: they fsync the bytes, then the folder. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes and fsyncs a file. The caller must sync the folder of the file. */
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

/** Makes the bytes of a file, or the names in a folder, durable with fsync. */
export async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file atomically and durably: readers see the whole old file or the whole new one, even after a crash. */
export async function replaceFile(
  path: string,
  temporary: string,
  bytes: Uint8Array | string,
): Promise<void> {
  await writeSynced(temporary, bytes);
  await rename(temporary, path);
  await sync(dirname(path));
}
