/** Digests and metadata of a version's files, for the index. */
import { createHash } from 'node:crypto';
import { mainFile, textOf } from './files.ts';
import { storable } from './storable.ts';
import type { Files, Metadata } from './types.ts';
import { undescribed } from './undescribed.ts';

/** Digests and metadata of a version's files. */
export interface VersionContent {
  /** SHA-256 in hexadecimal, by path. */
  files: Record<string, string>;
  described: Metadata;
}

/**
 * A version's content with the text of its main file. The index stores the text of the main file for the newest version
 * only.
 */
export interface ReadContent extends VersionContent {
  source: string;
}

/**
 * Computes the content. `described` is the metadata of the files, or the known part of the metadata if the files were
 * not read.
 */
export function contentOf(name: string, files: Files, described: Metadata): ReadContent {
  const source = files.get(mainFile(name));
  return {
    files: storable(Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)]))),
    described: storable(described),
    source: source === undefined ? '' : storable(textOf(source)),
  };
}

/** The content of files that take too much time or memory to read. */
export const unreadContent = (name: string, files: Files): ReadContent =>
  contentOf(name, files, undescribed(name));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
