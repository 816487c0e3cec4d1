/** What the files of a version are, and what they say of the definition: what the index keeps of it. */
import { createHash } from 'node:crypto';
import { mainFile, textOf } from './files.ts';
import { storable } from './storable.ts';
import type { Files, Metadata } from './types.ts';
import { undescribed } from './undescribed.ts';

/** What the files of a version are, and what they say of the definition. */
export interface VersionContent {
  /** SHA-256 in hexadecimal by path. */
  files: Record<string, string>;
  described: Metadata;
}

/** The same with the main file's text, which only the newest version's is kept of. */
export interface ReadContent extends VersionContent {
  source: string;
}

/** `described` is what the files say, or what is known where nobody has read them. */
export function contentOf(name: string, files: Files, described: Metadata): ReadContent {
  const source = files.get(mainFile(name));
  return {
    files: storable(Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)]))),
    described: storable(described),
    source: source === undefined ? '' : storable(textOf(source)),
  };
}

/** Of files that take too much to be read. */
export const unreadContent = (name: string, files: Files): ReadContent =>
  contentOf(name, files, undescribed(name));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
