/**
 * Serves the Python package of lab computers as a source archive, which pip builds and installs.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Problem } from '../errors.ts';
import { createZip } from './zip.ts';

const FOLDER = fileURLToPath(new URL('../../client/python/', import.meta.url));

/**
 * The name of the source archive. The name contains the version, because pip caches its build by address.
 *
 * Source: the Python Packaging User Guide, "Source distribution format".
 */
export const clientPackageName = (version: string): string => `pybirch_registry-${version}.zip`;

/**
 * Returns a function that returns the archive of this name, and creates it at the first request. The function throws
 * `not_found` for any other name.
 */
export function clientPackage(version: string): (name: string) => Promise<Uint8Array> {
  const ours = clientPackageName(version);
  let archive: Promise<Uint8Array> | undefined;
  return async (name) => {
    if (name !== ours) throw new Problem('not_found', `This registry has only /client/${ours}.`);
    archive ??= pack(`pybirch_registry-${version}`);
    return await archive;
  };
}

async function pack(top: string): Promise<Uint8Array> {
  const paths = await packageFiles();
  return await createZip(
    await Promise.all(
      paths.map(async (path) => [`${top}/${path}`, await readFile(join(FOLDER, path))] as const),
    ),
  );
}

/** The paths of the package's files, without its tests. Paths use `/` on every system. */
async function packageFiles(): Promise<string[]> {
  const entries = await readdir(join(FOLDER, 'src'), { recursive: true, withFileTypes: true });
  const sources = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('__pycache__'))
    .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return ['pyproject.toml', 'README.md', 'GUARD.md', ...sources.sort()];
}
