/** Pure: the files that a user edits and the version that they started from. */
import { mergeText } from '../../registry/definitions/merge-text.ts';
import type { Definition } from '../../registry/schemas/definitions.ts';

/** Files: their paths and texts. */
export type Files = Readonly<Record<string, string>>;

export interface WorkingCopy {
  /** The version that the user started from; null for a new definition. */
  version: number | null;
  base: Files;
  files: Files;
}

export const mainFile = (name: string): string => `${name}.py`;

export function filesOf({ name, source_code, files }: Definition): Files {
  return { [mainFile(name)]: source_code, ...files };
}

export function workingCopyOf(definition: Definition): WorkingCopy {
  const files = filesOf(definition);
  return { version: definition.version, base: files, files };
}

/** The changes to save: path to text, null for a deleted file. */
export function changesOf({ base, files }: WorkingCopy): Record<string, string | null> {
  const paths = new Set([...Object.keys(base), ...Object.keys(files)]);
  return Object.fromEntries(
    [...paths]
      .filter((path) => base[path] !== files[path])
      .map((path) => [path, files[path] ?? null]),
  );
}

/** The names of the classes at the top level of a Python file, found by their `class` lines. */
export const classNames = (source: string): string[] =>
  [...source.matchAll(/^class[ \t]+([A-Za-z_]\w*)/gm)].map(([, name = '']) => name);

/** Moves one file of the working copy to another path. */
export function moveFile({ version, base, files }: WorkingCopy, from: string, to: string) {
  const move = (some: Files): Files =>
    Object.fromEntries(
      Object.entries(some).map(([path, text]) => [path === from ? to : path, text]),
    );
  return { version, base: move(base), files: move(files) };
}

export const isChanged = (copy: WorkingCopy): boolean => Object.keys(changesOf(copy)).length > 0;

/** A file that the user and the landed version changed in the same place. */
export interface FileConflict {
  path: string;
  /**
   * The line numbers of the conflicts in the user's text, from 1; 0 if the user or the landed version deleted the file.
   */
  lines: readonly number[];
}

/**
 * The changes of the user and of the landed version, merged. In a conflict, the user's text stays until they decide.
 */
export interface Merged {
  copy: WorkingCopy;
  conflicts: readonly FileConflict[];
}

/** Applies the user's changes to the version that has landed meanwhile. */
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

/**
 * A working copy with the user's files, based on the landed version. Saving such a working copy undoes the changes of
 * the landed version.
 */
export function keepOwn(own: WorkingCopy, landed: WorkingCopy): WorkingCopy {
  return { version: landed.version, base: landed.files, files: own.files };
}

function put(files: Record<string, string>, path: string, text: string | null): void {
  if (text === null) delete files[path];
  else files[path] = text;
}
