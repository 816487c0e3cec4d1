/**
 * Renames a definition: its class, its file, its tests and recordings, and all references in its modules. Renaming
 * follows the meaning of names: a variable, string or comment that is only spelled like the class is not changed. The
 * formatting is kept. Pure.
 */
import { DefinitionError } from '../errors.ts';
import { checkName, folded } from '../names.ts';
import { decodeSource, encodeSource, type SourceText } from '../source.ts';
import type { Module } from '../syntax.ts';
import type { Files } from '../types.ts';
import { Editor, type Mention, moduleOf, wordOf } from './edits.ts';
import { renameInRecording } from './recording.ts';

export interface Renamed<Content> {
  files: Map<string, Content>;
  mentions: Mention[];
}

/** The definition cannot have the new name. */
export class RenameError extends Error {
  override readonly name = 'RenameError';
}

/** @throws RenameError if the new name is invalid, or already means something in these files */
export function renameDefinition(files: Files, from: string, to: string): Renamed<Uint8Array> {
  const sources = new Map<string, SourceText>();
  const texts = new Map<string, string>();
  for (const [path, bytes] of files) {
    const source = sourceOf(bytes);
    if (!source) continue;
    sources.set(path, source);
    texts.set(path, source.text);
  }
  const { files: renamed, mentions } = renameTexts(texts, from, to, files.keys());
  const result = new Map<string, Uint8Array>();
  for (const [path, bytes] of files) {
    const source = sources.get(path);
    const newPath = pathOf(path, from, to, texts);
    const text = renamed.get(newPath);
    const isChanged = source && text !== undefined && text !== source.text;
    result.set(newPath, isChanged ? encodeSource(text, source) : bytes);
  }
  return { files: result, mentions };
}

/**
 * Renames a definition that is given as texts instead of bytes.
 * @param paths of all files, including those that are not text
 */
export function renameTexts(
  texts: ReadonlyMap<string, string>,
  from: string,
  to: string,
  paths: Iterable<string> = texts.keys(),
): Renamed<string> {
  const why = checkName(to);
  if (why !== null) throw new RenameError(why);
  demandFreePaths([...paths], from, to, texts);
  const modules = new Map<string, Module>();
  for (const [path, text] of texts) {
    const module = path.endsWith('.py') ? moduleOf(text) : undefined;
    if (module) modules.set(path, module);
  }
  const editor = new Editor(modules, { main: `${from}.py`, from, to });
  const taken = editor.findConflict();
  if (taken) {
    const { file, line } = taken;
    throw new RenameError(`${to} already means something in ${file}:${line}: choose another name`);
  }
  const files = new Map<string, string>();
  const mentions: Mention[] = [];
  for (const [path, text] of texts) {
    const module = modules.get(path);
    if (module) {
      files.set(pathOf(path, from, to, texts), editor.applyTo(path));
      mentions.push(
        ...editor.mentions(path).map((one) => ({ ...one, file: pathOf(path, from, to, texts) })),
      );
    } else {
      const isRecording = path.startsWith('tests/') && path.endsWith('.jsonl');
      const renamed = isRecording ? renameInRecording(text, from, to) : text;
      files.set(pathOf(path, from, to, texts), renamed);
      if (!isRecording) mentions.push(...firstMention(path, text, from));
    }
  }
  return { files, mentions };
}

function demandFreePaths(
  paths: readonly string[],
  from: string,
  to: string,
  texts: ReadonlyMap<string, string>,
): void {
  const stay = new Set(paths.filter((path) => pathOf(path, from, to, texts) === path).map(folded));
  for (const path of paths) {
    const renamed = pathOf(path, from, to, texts);
    if (renamed !== path && stay.has(folded(renamed)))
      throw new RenameError(`${path} would become ${renamed}, which already exists`);
  }
}

/**
 * The new path of a file. The main file is always renamed. A test or recording named after the class is renamed if no
 * text mentions the file.
 */
function pathOf(
  path: string,
  from: string,
  to: string,
  texts: ReadonlyMap<string, string>,
): string {
  if (path === `${from}.py`) return `${to}.py`;
  const [, before, after] =
    /^(tests\/(?:.*\/)?(?:test_)?)\w+?((?:_test)?\.(?:py|jsonl))$/.exec(path) ?? [];
  if (before === undefined || path !== `${before}${from}${after}`) return path;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return [...texts.values()].some((text) => text.includes(name)) ? path : `${before}${to}${after}`;
}

function sourceOf(bytes: Uint8Array): SourceText | undefined {
  try {
    return decodeSource(bytes);
  } catch (error) {
    // Binary files keep their bytes. Validation reports Python files that cannot be read.
    if (error instanceof DefinitionError) return undefined;
    throw error;
  }
}

/** The first line of a file other than Python that contains the name. One line of each file is enough. */
function firstMention(file: string, text: string, name: string): Mention[] {
  const lines = text.split(/\r\n|\n|\r/);
  const at = lines.findIndex((line) => wordOf(name).test(line));
  return at < 0 ? [] : [{ file, line: at + 1, text: (lines[at] ?? '').trim() }];
}
