/**
 * Finds the instrument classes of a folder and makes a definition from each. A definition contains the class, the code
 * that the class needs from its own module and from other modules, and the data files that this code names. Pure:
 * nothing is executed. The whole folder is analysed first. The files of a definition are created only when the caller
 * asks for the definition, so a folder of thousands of classes needs little memory.
 */
import { DefinitionError } from '../errors.ts';
import { lint } from '../lint.ts';
import type { Diagnostic } from '../types.ts';
import { Bases } from './bases.ts';
import { Chooser } from './choice.ts';
import { type Candidate, isExtracted, nameOf, withoutClashes } from './clashes.ts';
import { contentOf } from './content.ts';
import { SourceFolder } from './folder.ts';
import { InstalledNames } from './installed.ts';
import { Kept } from './kept.ts';
import { isTooLarge, tooLarge, whyUnread } from './large.ts';
import { basename, byText } from './paths.ts';
import { applyRename } from './renamed.ts';
import { frameworkModules, type InstrumentClass, instrumentClasses } from './roles.ts';
import { Texts } from './texts.ts';
import type { Extracted, Extraction, ExtractOptions, Skipped, SourceFile } from './types.ts';
import { unreached } from './unreached.ts';
import { takeWhole } from './whole.ts';

/** @param files every file of the folder that could belong to a definition, in any order */
export function extract(files: Iterable<SourceFile>, options: ExtractOptions = {}): Extraction {
  const { maxFileBytes, location = [], choice = {}, onProgress } = options;
  const read = readAll(files, maxFileBytes);
  const folder = new SourceFolder(read.texts, location, options);
  takeOutBroken(read, folder, (done, total) => onProgress?.('files', done, total));
  const bases = new Bases(folder, options.bases ?? new Map());
  const chooser = new Chooser(choice);
  const whole = takeWhole(read.all, folder, bases, maxFileBytes);
  const searched = [...read.texts.paths()].filter((path) => !whole.claimed.has(path)).sort(byText);
  const installed = new InstalledNames(folder, bases);
  const lost: Skipped[] = [];
  const classes = instrumentClasses(folder, bases, searched, (path, done) => {
    if (!isTestFile(path)) lost.push(...unreached(folder, bases, path));
    onProgress?.('search', done, searched.length);
  });
  const stays = frameworkModules(folder, bases, classes, installed);
  const around = { folder, bases, stays, installed };
  const kept = new Kept(around, read.all, { location, maxFileBytes });
  const helpers: InstrumentClass[] = [];
  const candidates: Candidate[] = whole.definitions;
  for (const cls of classes) {
    if (whyHelper(cls) === undefined || chooser.isNamed(cls)) candidates.push(kept.candidate(cls));
    else helpers.push(cls);
  }
  const chosen = choose(candidates, chooser);
  const settled = withoutClashes(chosen.taken, chooser);
  kept.survey(settled.kept, helpers, (done, total) => onProgress?.('classes', done, total));
  const unfit: Skipped[] = [];
  return {
    names: settled.kept.map(nameOf),
    definitions: definitionsOf(settled.kept, kept, unfit),
    unmet: chooser.unmet(),
    skipped: () =>
      [
        ...read.skipped.filter(({ path }) => !kept.data.has(path) && !whole.claimed.has(path)),
        ...whole.skipped,
        ...chosen.skipped,
        ...settled.skipped,
        ...unfit,
        ...helpers.map((cls) => helperSkip(cls, kept)),
        ...lost,
        ...withoutInstruments(searched, [...classes, ...lost], folder, kept),
      ].sort((a, b) => byText(a.path, b.path) || (a.line ?? 0) - (b.line ?? 0)),
  };
}

function* definitionsOf(
  candidates: readonly Candidate[],
  kept: Kept,
  unfit: Skipped[],
): Generator<Extracted> {
  for (const one of candidates) {
    const found = kept.finished(one);
    const made = isExtracted(found) ? applyRename(found, nameOf(one)) : found;
    if (isExtracted(made)) yield made;
    else unfit.push(made);
  }
}

/** The candidates that the options select, by name of the definition. */
function choose(candidates: readonly Candidate[], chooser: Chooser) {
  const taken: Candidate[] = [];
  const skipped: Skipped[] = [];
  for (const one of candidates) {
    const { path, name, line } = one;
    const refusal = chooser.refusal(one);
    const newName = chooser.nameOf(one);
    if (newName !== name) one.newName = newName;
    if (refusal === undefined) taken.push(one);
    else skipped.push({ path, class: name, kind: 'unasked', line, reason: refusal });
  }
  return { taken, skipped };
}

interface Read {
  all: Map<string, SourceFile>;
  texts: Texts;
  skipped: Skipped[];
}

function readAll(files: Iterable<SourceFile>, maxFileBytes: number | undefined): Read {
  const read: Read = { all: new Map(), texts: new Texts(), skipped: [] };
  for (const file of files) {
    const { path } = file;
    read.all.set(path, file);
    const bytes = isTooLarge(file, maxFileBytes) ? null : bytesOf(file);
    if (bytes === null || typeof bytes === 'string') {
      read.skipped.push({ path, reason: bytes ?? tooLarge(file, maxFileBytes) });
      continue;
    }
    const content = contentOf(path, bytes);
    if (content.kind === 'python') read.texts.add(file);
    else if (content.kind === 'data')
      read.skipped.push({ path, kind: 'nothing', reason: content.reason ?? 'not Python' });
    else {
      const { reason, line, column } = content;
      read.skipped.push({ path, reason, ...(line && column ? { line, column } : {}) });
    }
  }
  return read;
}

/** The bytes of a file, or the reason why the file system does not provide them. */
function bytesOf(file: SourceFile): Uint8Array | null | string {
  try {
    return file.bytes;
  } catch (error) {
    return whyUnread(error);
  }
}

/** Removes files that Python could not parse. */
function takeOutBroken(
  read: Read,
  folder: SourceFolder,
  onProgress: (done: number, total: number) => void,
): void {
  const paths = [...read.texts.paths()];
  for (const [i, path] of paths.entries()) {
    const error = parseError(path, folder);
    folder.trim();
    onProgress(i + 1, paths.length);
    if (!error) continue;
    const { line, column, message } = error;
    read.skipped.push({ path, reason: `does not parse: ${message}`, line, column });
    read.texts.delete(path);
  }
}

function parseError(path: string, folder: SourceFolder): Diagnostic | undefined {
  try {
    const { error, text, tree } = folder.module(path);
    // Only ruff knows the names of Unicode characters, so ruff checks texts with `\N{…}`.
    return error ?? (text.includes('\\N{') ? lint(tree).syntax[0] : undefined);
  } catch (error) {
    if (!(error instanceof DefinitionError) || error.code === 'folder_changed') throw error;
    return error.diagnostics[0];
  }
}

/** Why a class does not become a definition; undefined if it does. Classes in tests are stand-ins for instruments. */
function whyHelper({ path, helper }: InstrumentClass): string | undefined {
  return isTestFile(path) ? 'part of a test' : helper;
}

function isTestFile(path: string): boolean {
  return /(^|\/)tests?\//.test(path) || /^(test_.*|.*_test|conftest)\.py$/.test(basename(path));
}

function helperSkip(cls: InstrumentClass, kept: Kept): Skipped {
  const { path, name, line } = cls;
  const carriers = kept.carriersOf(path, name);
  const carried = carriers.length === 0 ? '' : `; copied into ${list(carriers)}`;
  return { path, class: name, kind: 'helper', line, reason: `${whyHelper(cls)}${carried}` };
}

function withoutInstruments(
  searched: string[],
  classes: readonly { path: string }[],
  folder: SourceFolder,
  kept: Kept,
): Skipped[] {
  const instruments = new Set(classes.map((cls) => cls.path));
  return searched.flatMap((path) => {
    if (instruments.has(path)) return [];
    if (folder.outline(path).isEmpty || basename(path) === '__init__.py') return [];
    const carriers = kept.carriersOf(path);
    const reason =
      carriers.length > 0
        ? `no instrument class; copied into ${list(carriers)}`
        : 'no class in it inherits from an instrument base class';
    return [{ path, kind: 'nothing' as const, reason }];
  });
}

function list(names: readonly string[]): string {
  const all = [...names].sort(byText);
  return all.length > 3
    ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`
    : all.join(', ');
}
