/** Pure: what somebody edits, against the version that they began with. Kept in the browser until it is saved. */
import { mergeText } from '../../registry/definitions/merge-text.ts';
import type { Definition } from '../../registry/schemas/definitions.ts';

/** Path to text. */
export type Files = Readonly<Record<string, string>>;

export interface WorkingCopy {
  /** The version that it was begun with; null for what has none yet. */
  version: number | null;
  base: Files;
  files: Files;
}

export const mainOf = (name: string): string => `${name}.py`;

export function filesOf({ name, source_code, files }: Definition): Files {
  return { [mainOf(name)]: source_code, ...files };
}

export function begin(definition: Definition): WorkingCopy {
  const files = filesOf(definition);
  return { version: definition.version, base: files, files };
}

/** What saving must say: path to text, null for what is gone. */
export function changesOf({ base, files }: WorkingCopy): Record<string, string | null> {
  const paths = new Set([...Object.keys(base), ...Object.keys(files)]);
  return Object.fromEntries(
    [...paths]
      .filter((path) => base[path] !== files[path])
      .map((path) => [path, files[path] ?? null]),
  );
}

export const isChanged = (copy: WorkingCopy): boolean => Object.keys(changesOf(copy)).length > 0;

/** A file that both sides changed at the same place. */
export interface FileConflict {
  path: string;
  /** Of one's own text, from 1; 0 where one side took the file away. */
  lines: readonly number[];
}

/** Both sides' changes; where they conflict one's own text stands, until somebody decides. */
export interface Merged {
  copy: WorkingCopy;
  conflicts: readonly FileConflict[];
}

/** Lays one's own changes over what has landed meanwhile. */
export function mergeInto(own: WorkingCopy, landed: WorkingCopy): Merged {
  const files: Record<string, string> = { ...landed.files };
  const conflicts: FileConflict[] = [];
  for (const [path, text] of Object.entries(changesOf(own))) {
    const [before, theirs] = [own.base[path], landed.files[path]];
    if (theirs === before || theirs === text) put(files, path, text);
    else if (text === null || theirs === undefined || before === undefined) {
      conflicts.push({ path, lines: [0] });
      put(files, path, text);
    } else {
      const merged = mergeText(before, text, theirs);
      if ('conflicts' in merged)
        conflicts.push({ path, lines: merged.conflicts.map(({ line }) => line) });
      put(files, path, 'text' in merged ? merged.text : text);
    }
  }
  return { copy: { version: landed.version, base: landed.files, files }, conflicts };
}

/** One's own files on top of what has landed, whatever it changed. */
export function keepOwn(own: WorkingCopy, landed: WorkingCopy): WorkingCopy {
  return { version: landed.version, base: landed.files, files: own.files };
}

function put(files: Record<string, string>, path: string, text: string | null): void {
  if (text === null) delete files[path];
  else files[path] = text;
}
