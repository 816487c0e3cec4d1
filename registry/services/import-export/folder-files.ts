/** Lists the files of a folder that an import looks through. */
import { isUtf8 } from 'node:buffer';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shown } from '../../../repos/byte-names.ts';
import { byText } from '../../definitions/extract/paths.ts';
import type { Skipped } from '../../definitions/extract/types.ts';

export interface FolderFiles {
  /** In the order of paths, with their sizes in bytes. */
  files: { path: string; size: number }[];
  skipped: Skipped[];
}

/** What installers, editors and Python itself leave behind, by name. */
const LEFT_OUT = /^(__pycache__|node_modules|site-packages|.*\.egg-info|\.DS_Store|.*\.py[co])$/;

/**
 * Walks a folder. Hidden folders, caches and virtual environments (a folder with `pyvenv.cfg`, PEP 405) are
 * passed over; a symbolic link is never followed, and is reported.
 * @throws the file system's error where the folder cannot be read
 */
export async function listFolder(folder: string): Promise<FolderFiles> {
  const found: FolderFiles = { files: [], skipped: [] };
  await walk(folder, '', found);
  return found;
}

async function walk(folder: string, below: string, found: FolderFiles): Promise<void> {
  const listed = await readdir(join(folder, below), { withFileTypes: true, encoding: 'buffer' });
  const entries = listed.flatMap((entry) => {
    if (isUtf8(entry.name)) return [Object.assign(entry, { name: entry.name.toString() })];
    const path = below === '' ? shown(entry.name) : `${below}/${shown(entry.name)}`;
    found.skipped.push({ path, reason: 'its name is not UTF-8: rename it, and import again' });
    return [];
  });
  if (below !== '' && entries.some((entry) => entry.name === 'pyvenv.cfg')) return;
  for (const entry of entries.sort((a, b) => byText(a.name, b.name))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (LEFT_OUT.test(entry.name)) continue;
    if (entry.isSymbolicLink()) found.skipped.push({ path, reason: 'a symbolic link' });
    else if (entry.isDirectory()) {
      if (!entry.name.startsWith('.')) await walk(folder, path, found);
    } else if (entry.isFile()) {
      const { size } = await lstat(join(folder, path));
      found.files.push({ path, size });
    }
  }
}
