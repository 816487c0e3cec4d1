/** File operations that survive a power cut: they fsync the bytes, then the folder. */
import { closeSync, fsync, openSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The most bytes that are written at once. Opening and writing a small file takes less time than handing the work to
 * another thread, because nothing waits for the disk until the fsync.
 */
const SMALL = 64 * 1024;

/** Writes and fsyncs a file. The caller must sync the folder of the file. */
export async function writeSynced(
  path: string,
  bytes: Uint8Array | string,
  { mode = 0o644, flag = 'w' } = {},
): Promise<void> {
  if (bytes.length > SMALL) return await writeLarge(path, bytes, flag, mode);
  const file = openSync(path, flag, mode);
  try {
    writeFileSync(file, bytes);
    await synced(file);
  } finally {
    closeSync(file);
  }
}

async function writeLarge(
  path: string,
  bytes: Uint8Array | string,
  flag: string,
  mode: number,
): Promise<void> {
  const file = await open(path, flag, mode);
  try {
    await file.writeFile(bytes);
    await synced(file.fd);
  } finally {
    await file.close();
  }
}

/** Makes the bytes of a file, or the names in a folder, durable with fsync. */
export async function sync(path: string): Promise<void> {
  const file = openSync(path, 'r');
  try {
    await synced(file);
  } finally {
    closeSync(file);
  }
}

const synced = (file: number): Promise<void> =>
  new Promise((resolve, reject) => {
    fsync(file, (error) => (error ? reject(error) : resolve()));
  });

/** Replaces a file atomically and durably: readers see the whole old file or the whole new one, even after a crash. */
export async function replaceFile(
  path: string,
  temporary: string,
  bytes: Uint8Array | string,
): Promise<void> {
  try {
    await writeSynced(temporary, bytes);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
  await sync(dirname(path));
}
