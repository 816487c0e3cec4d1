import type { Zippable } from 'fflate';

/** Creates a zip of the files in the given order. The same files always give the same bytes, on every machine. */
export async function createZip(
  files: Iterable<readonly [path: string, content: Uint8Array]>,
): Promise<Uint8Array> {
  // A zip stores local times without a time zone, from 1980 on. Noon of this day exists in every time zone. The date is
  // created at each call, because the time zone of the process can change.
  const options = { mtime: new Date(1980, 0, 1, 12), os: 3, level: 6 as const };
  const entries: Zippable = {};
  for (const [path, content] of files) entries[path] = [content, options];
  const { zipSync } = await import('fflate');
  return zipSync(entries);
}
