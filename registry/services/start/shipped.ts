/** Reads the definitions that the registry ships with. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Files } from '../../definitions/types.ts';

const FOLDER = fileURLToPath(new URL('../../builtin/', import.meta.url));
/** Python, pytest and editors may leave files of other kinds in the folder. */
const KINDS = ['.py', '.yaml', '.jsonl'];

/** The files of each built-in definition by name, as they are in its repository. The names are sorted. */
export async function readShipped(): Promise<Map<string, Files>> {
  const paths = await readdir(FOLDER, { recursive: true });
  const shipped = new Map<string, Map<string, Uint8Array>>();
  for (const path of paths.filter((path) => KINDS.includes(extname(path))).sort()) {
    const [name = '', ...parts] = path.split(sep);
    const files = shipped.get(name) ?? new Map<string, Uint8Array>();
    shipped.set(name, files.set(parts.join('/'), await readFile(join(FOLDER, path))));
  }
  return shipped;
}
