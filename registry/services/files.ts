/** A definition's files between git's bytes and the API's text. */
import type { ObjectReader } from '../../repos/types.ts';
import { DefinitionError } from '../definitions/errors.ts';
import { decodeSource } from '../definitions/source.ts';
import type { Files } from '../definitions/types.ts';

/** The file at the root that holds the class. */
export const mainFile = (name: string): string => `${name}.py`;

/** The text of a Python file as its own encoding says; where it cannot be decoded, UTF-8 with U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  try {
    return decodeSource(bytes).text;
  } catch (error) {
    if (error instanceof DefinitionError) return new TextDecoder('utf-8').decode(bytes);
    throw error;
  }
}

/** All files of a commit. */
export async function filesOf(reader: ObjectReader, commit: string): Promise<Files> {
  const entries = await reader.files(commit);
  const contents = await Promise.all(entries.map(({ oid }) => reader.readBlob(oid)));
  return new Map(entries.map(({ path }, i) => [path, contents[i] as Uint8Array]));
}

/** The files with `changes` laid over them; null takes one away. */
export function withChanges(
  files: Files,
  changes: ReadonlyMap<string, Uint8Array | null>,
): Map<string, Uint8Array> {
  const merged = new Map(files);
  for (const [path, content] of changes) {
    if (content === null) merged.delete(path);
    else merged.set(path, content);
  }
  return merged;
}

/** What must be written to get from one set of files to the other. */
export function changesBetween(before: Files, after: Files): Map<string, Uint8Array | null> {
  const changes = new Map<string, Uint8Array | null>();
  for (const path of before.keys()) if (!after.has(path)) changes.set(path, null);
  for (const [path, content] of after) {
    const old = before.get(path);
    if (old === undefined || Buffer.compare(old, content) !== 0) changes.set(path, content);
  }
  return changes;
}
