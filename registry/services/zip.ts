import type { Zippable } from 'fflate';

/** A zip of these files, in this order: one content makes the same archive anywhere and always. */
export async function createZip(
  files: Iterable<readonly [path: string, content: Uint8Array]>,
): Promise<Uint8Array> {
  // A zip has local times without a zone, from 1980 on; no clock was set forward at noon of that day. Made anew each
  // time, for it is local where and when it is asked for.
  const options = { mtime: new Date(1980, 0, 1, 12), os: 3, level: 6 as const };
  const entries: Zippable = {};
  for (const [path, content] of files) entries[path] = [content, options];
  const { zipSync } = await import('fflate');
  return zipSync(entries);
}
