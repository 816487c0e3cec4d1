/** Lists the files of a folder for an import. */
import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { showName } from '../../../repos/byte-names.ts';
import { whyUnread } from '../../definitions/extract/large.ts';
import { byText } from '../../definitions/extract/paths.ts';
import type { Skipped } from '../../definitions/extract/types.ts';

export interface FolderFiles {
  /** The files in the order of their paths, with their sizes in bytes. */
  files: { path: string; size: number }[];
  skipped: Skipped[];
}

/**
 * Names of files and folders that installers, test runners and Python create. Such files and folders are skipped
 * without a report.
 */
const LEFT_OUT =
  /^(__pycache__|__pypackages__|node_modules|site-packages|dist-packages|.*\.(egg-info|dist-info|egg)|\.DS_Store|.*\.py[co])$/;
/**
 * Names of folders with build results. A lab may use such a name for something else, so the report lists these folders.
 */
const BUILT = /^(build|dist|wheels|sdist)$/i;
/** Names that mark the folder of a Python environment: the file of PEP 405 and the folder of conda. */
const ENVIRONMENT = new Set(['pyvenv.cfg', 'conda-meta']);

/**
 * Walks a folder. The walk skips hidden folders, caches, environments and build results, and does not follow symbolic
 * links. Entries that cannot be read, or that are neither file nor folder, are reported, and the walk continues.
 * @throws the file system's error if the folder itself cannot be read
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
    const path = below === '' ? showName(entry.name) : `${below}/${showName(entry.name)}`;
    found.skipped.push({ path, reason: 'its name is not valid UTF-8. Rename it and import again' });
    return [];
  });
  if (below !== '' && isInstallation(entries.map(({ name }) => name))) return;
  for (const entry of entries.sort((a, b) => byText(a.name, b.name))) {
    if (LEFT_OUT.test(entry.name)) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const skip = (reason: string): void => void found.skipped.push({ path, reason });
    try {
      if (entry.isSymbolicLink()) skip('a symbolic link');
      else if (entry.isDirectory()) await enter(folder, path, entry.name, found);
      else if (entry.isFile()) {
        const { size } = await lstat(join(folder, path));
        found.files.push({ path, size });
      } else skip(`${kindOf(entry)}, not a file`);
    } catch (error) {
      skip(whyUnread(error));
    }
  }
}

/**
 * Whether a folder is a Python environment, an installation of Python (on Windows `python.exe` beside `Lib`), or Python's
 * standard library. The standard library is recognized by `os.py`, as in Python's own path configuration.
 */
function isInstallation(names: readonly string[]): boolean {
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  return (
    names.some((name) => ENVIRONMENT.has(name)) ||
    (has(/^python\.exe$/i) && has(/^lib$/i)) ||
    (names.includes('os.py') && names.includes('encodings') && names.includes('site.py'))
  );
}

async function enter(
  folder: string,
  path: string,
  name: string,
  found: FolderFiles,
): Promise<void> {
  if (name.startsWith('.')) return;
  if (BUILT.test(name))
    found.skipped.push({
      path,
      kind: 'nothing',
      reason: 'skipped, because folders of this name usually contain build results',
    });
  else await walk(folder, path, found);
}

function kindOf(entry: Dirent): string {
  if (entry.isSocket()) return 'a socket';
  if (entry.isFIFO()) return 'a named pipe';
  return 'a device';
}
