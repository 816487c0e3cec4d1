/** File operations that survive a power cut: they fsync the bytes, then the folder. */

import { closeSync, fsync, openSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';

import { dirname } from 'node:path';
import { RepositoryError } from './errors.ts';

/**
 * The most bytes that are written at once. Opening and writing a small file takes less time than handing the work to
 * another thread, because nothing waits for the disk until the fsync.
 */
const SMALL = 64 * 1024;

/** Writes and fsyncs a file. The caller must sync the folder of the file. */
export async function writeSynced(
  path: string,
  bytes: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  if (bytes.length > SMALL) return await writeLarge(path, bytes, mode);
  const file = openSync(path, 'w', mode);
  try {
    writeFileSync(file, bytes);
    await synced(file);
  } finally {
    closeSync(file);
  }
}

async function writeLarge(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  const file = await open(path, 'w', mode);
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

/**
 * Replaces a file atomically and durably: readers see the whole old file or the whole new one, even after a crash. `ready`
 * must be done before the new file is in its place, and runs while the new file is written. Throws `not_written` if the old
 * file is still in its place.
 */
export async function replaceFile(
  path: string,
  temporary: string,
  bytes: Uint8Array | string,
  ready: Promise<unknown> = Promise.resolve(),
): Promise<void> {
  await Promise.all([writeSynced(temporary, bytes), ready]).catch(async (cause: Error) => {
    await rm(temporary, { force: true });
    if (cause instanceof RepositoryError) throw cause;
    throw new RepositoryError('not_written', `${path} was not replaced: ${cause.message}`, {
      cause,
    });
  });
  await rename(temporary, path);
  await sync(dirname(path));
}
