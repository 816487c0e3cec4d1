/** Writes definitions as files. `registry import` reads exactly the same bytes back. */
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Files } from '../../definitions/types.ts';
import { makeSharedFolder, shareFile } from '../../private-files.ts';

export interface ExportedDefinition {
  name: string;
  files: Files;
}

export interface ExportOptions {
  /** Whether existing files with different content are replaced. */
  overwrite?: boolean;
  /** Called after each definition with the number of definitions done so far. */
  onProgress?: (done: number) => void;
}

export interface ExportReport {
  folder: string;
  written: string[];
  unchanged: string[];
  refused: { name: string; path: string; reason: string }[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/**
 * Writes a definition with one file as `<folder>/<Name>.py`, and a definition with several files as
 * `<folder>/<Name>/…`. If any file of a definition cannot be written, none of its files are. A file is not written
 * outside the folder, behind a symbolic link, or over a file with different content.
 */
export async function exportFolder(
  folder: string,
  definitions: AsyncIterable<ExportedDefinition>,
  options: ExportOptions = {},
): Promise<ExportReport> {
  const report: ExportReport = { folder, written: [], unchanged: [], refused: [] };
  await makeSharedFolder(folder);
  let done = 0;
  for await (const { name, files } of definitions) {
    const { paths, other } = layout(name, files);
    const obstacle = await firstObstacle(folder, paths, other, options.overwrite ?? false);
    if (obstacle) report.refused.push({ name, ...obstacle });
    else {
      const changed = await writeAll(folder, paths);
      (changed ? report.written : report.unchanged).push(name);
    }
    options.onProgress?.(++done);
  }
  return report;
}

/** The paths to write, and the path of the main file in the other of the two layouts. */
function layout(name: string, files: Files): { paths: Map<string, Uint8Array>; other: string } {
  const isAlone = files.size === 1 && files.has(`${name}.py`);
  const prefix = isAlone ? '' : `${name}/`;
  const paths = new Map([...files].map(([path, bytes]) => [prefix + path, bytes]));
  return { paths, other: isAlone ? `${name}/${name}.py` : `${name}.py` };
}

async function firstObstacle(
  folder: string,
  paths: ReadonlyMap<string, Uint8Array>,
  other: string,
  overwrite: boolean,
): Promise<{ path: string; reason: string } | undefined> {
  for (const path of paths.keys()) {
    if (!isSafe(path)) return { path, reason: 'is outside the folder' };
  }
  if ((await entry(folder, other)) !== undefined) {
    return {
      path: other,
      reason: 'exists from an earlier export, so there would be two definitions of this name',
    };
  }
  for (const [path, bytes] of paths) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join('/');
      const found = await entry(folder, above);
      if (found && !found.isDirectory()) return { path: above, reason: 'is not a folder' };
    }
    const found = await entry(folder, path);
    if (!found) continue;
    if (!found.isFile()) return { path, reason: 'is not a regular file' };
    if (!overwrite && !(await hasBytes(folder, path, bytes)))
      return { path, reason: 'exists with different content' };
  }
  return undefined;
}

/** Whether a path is relative and has no `..` and no character that Windows reads as a drive, stream or separator. */
function isSafe(path: string): boolean {
  const parts = path.split('/');
  const first = (parts[0] ?? '').replace(/\.py$/, '');
  return (
    NAME.test(first) &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\:\0]/.test(part))
  );
}

async function entry(folder: string, path: string) {
  try {
    return await lstat(join(folder, path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function hasBytes(folder: string, path: string, bytes: Uint8Array): Promise<boolean> {
  return Buffer.compare(await readFile(join(folder, path)), bytes) === 0;
}

/** Writes each file under a temporary name and renames it, so that no reader sees half a file. */
async function writeAll(folder: string, paths: ReadonlyMap<string, Uint8Array>): Promise<boolean> {
  let changed = false;
  for (const [path, bytes] of paths) {
    const there = (await entry(folder, path)) !== undefined;
    if (there && (await hasBytes(folder, path, bytes))) continue;
    changed = true;
    const target = join(folder, path);
    const partial = `${target}.${process.pid}.part`;
    await makeSharedFolder(dirname(target));
    try {
      await writeFile(partial, bytes, { flag: 'wx' });
      await shareFile(partial);
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }
  return changed;
}
