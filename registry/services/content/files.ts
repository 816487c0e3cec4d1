/** Reads the files of a commit and the state of a definition from its repository. */

import { RepositoryError } from '../../../repos/errors.ts';
import { STATE_FILE } from '../../../repos/landing.ts';
import {
  MOST_BYTES,
  MOST_ENTRIES,
  TOO_MANY_BYTES,
  TOO_MANY_ENTRIES,
} from '../../../repos/limits.ts';
import type { ObjectReader, Oid, Repository } from '../../../repos/types.ts';
import { STATE } from '../../../text/refs.ts';
import { type DefinitionState, parseState, RecordError } from '../../definitions/record.ts';
import type { Files } from '../../definitions/types.ts';

export { mainFile, shownText, textOf, withChanges } from '../../definitions/files.ts';

/** All files of a commit. Throws `too_large` if they exceed the limits of a version. */
export async function filesOf(reader: ObjectReader, commit: string): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  // Files are read one by one: many paths may refer to one large blob, and reading stops at the limit.
  for (const { path, oid } of await reader.files(commit)) {
    const content = await reader.readBlob(oid);
    bytes += content.byteLength;
    if (bytes > MOST_BYTES) throw new RepositoryError('too_large', TOO_MANY_BYTES);
    files.set(path, content);
  }
  return files;
}

/**
 * The reason why the files exceed the limits of one version. Undefined if the files are within the limits. A larger
 * version could not be read back from git.
 */
export function findExcess(files: Files): string | undefined {
  let bytes = 0;
  for (const content of files.values()) bytes += content.byteLength;
  if (bytes > MOST_BYTES) return TOO_MANY_BYTES;
  const folders = new Set([...files.keys()].flatMap(foldersAbove));
  return files.size + folders.size > MOST_ENTRIES ? TOO_MANY_ENTRIES : undefined;
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

/** The changes that turn one set of files into the other. */
export function changesBetween(before: Files, after: Files): Map<string, Uint8Array | null> {
  const changes = new Map<string, Uint8Array | null>();
  for (const path of before.keys()) if (!after.has(path)) changes.set(path, null);
  for (const [path, content] of after) {
    const old = before.get(path);
    if (old === undefined || Buffer.compare(old, content) !== 0) changes.set(path, content);
  }
  return changes;
}

/** Reads the definition's state and its commit. A change of the state must name this commit. Throws `RecordError`. */
export async function readState(
  repository: Repository,
): Promise<{ state: DefinitionState; from: Oid }> {
  const found = await repository.readState();
  if (found === undefined) throw new RecordError(`${repository.name} has no ${STATE}`);
  return { state: parseState(found.text), from: found.oid };
}

/** Reads the state in which the definition was created: git keeps every state. Throws `RecordError`. */
export async function firstState(repository: Repository): Promise<DefinitionState> {
  let { from: oid } = await readState(repository);
  for (;;) {
    const [before] = (await repository.readCommit(oid)).parents;
    if (before === undefined) break;
    oid = before;
  }
  const text = await repository.readFile(oid, STATE_FILE);
  if (text === undefined)
    throw new RecordError(`${oid} of ${repository.name} has no ${STATE_FILE}`);
  return parseState(Buffer.from(text).toString());
}
