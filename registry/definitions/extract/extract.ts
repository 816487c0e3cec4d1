/**
 * Finds the instrument classes of a folder and carves one definition out for each: its class, what that
 * needs of its own module and of the modules around it, and the data files that this code names.
 * Pure: bytes in, bytes out; nothing is run.
 */
import { DefinitionError } from '../errors.ts';
import { lint } from '../lint.ts';
import type { Diagnostic } from '../types.ts';
import { assemble } from './assemble.ts';
import { Bases } from './bases.ts';
import { carve } from './carve.ts';
import { withoutClashes } from './clashes.ts';
import { contentOf } from './content.ts';
import { Effects } from './effects.ts';
import { SourceFolder } from './folder.ts';
import { writeHead } from './head.ts';
import { InstalledNames } from './installed.ts';
import { basename, byText } from './paths.ts';
import { placeOf } from './place.ts';
import { frameworkModules, type InstrumentClass, instrumentClasses } from './roles.ts';
import { type Carved, warnOfSharedState } from './share.ts';
import type { Extraction, ExtractOptions, Skipped, SourceFile } from './types.ts';
import { takeWhole } from './whole.ts';

/** @param files every file of the folder that could belong to a definition, in any order */
export function extract(files: Iterable<SourceFile>, options: ExtractOptions = {}): Extraction {
  const read = readAll(files);
  const location = options.location ?? [];
  const folder = new SourceFolder(read.texts, location, options.packageName);
  takeOutBroken(read, folder);
  const bases = new Bases(folder, options.bases ?? new Map());
  const whole = takeWhole(read.all, folder, bases);
  const searched = [...read.texts.keys()].filter((path) => !whole.claimed.has(path)).sort(byText);
  const installed = new InstalledNames(folder, bases);
  const classes = instrumentClasses(folder, bases, searched);
  const stays = frameworkModules(folder, bases, classes, installed);
  const source = { folder, stays, effects: new Effects(folder, stays) };
  const around = { folder, bases, stays, installed };
  const unfits: Skipped[] = [];
  const carved: Carved[] = [];
  const carriedData = new Set<string>();
  for (const cls of classes) {
    if (cls.helper !== undefined || isTest(cls.path)) continue;
    const carving = carve(source, cls.path, cls.name);
    const { files, data, warnings, unfit } = assemble(cls, carving, around, read.all);
    for (const path of data) carriedData.add(path);
    if (unfit) {
      unfits.push({ path: cls.path, class: cls.name, line: cls.line, reason: unfit.reason });
      continue;
    }
    const { category = null, manufacturer = null } = placeOf(cls.path, location);
    const { path: origin, name, line, type: instrument_type } = cls;
    const definition = {
      name,
      files,
      origin,
      line,
      instrument_type,
      category,
      manufacturer,
      warnings,
    };
    carved.push({ definition, carving, cls });
  }
  warnOfSharedState(folder, carved);
  const { kept, skipped } = withoutClashes([
    ...whole.definitions,
    ...carved.map((c) => c.definition),
  ]);
  // Written last, so that copies of one file in two makers' folders count as equal.
  for (const { definition, cls } of carved)
    if (kept.includes(definition)) writeHead(definition, cls);
  return {
    definitions: kept.sort((a, b) => byText(a.name, b.name)),
    skipped: [
      ...read.skipped.filter(({ path }) => !carriedData.has(path) && !whole.claimed.has(path)),
      ...whole.skipped,
      ...skipped,
      ...unfits,
      ...classes.flatMap((cls) => helperSkip(cls, carved)),
      ...withoutInstruments(searched, classes, folder, carved),
    ].sort((a, b) => byText(a.path, b.path) || (a.line ?? 0) - (b.line ?? 0)),
  };
}

interface Read {
  /** Every file; null for one that is too large. */
  all: Map<string, Uint8Array | null>;
  texts: Map<string, string>;
  skipped: Skipped[];
}

function readAll(files: Iterable<SourceFile>): Read {
  const read: Read = { all: new Map(), texts: new Map(), skipped: [] };
  for (const { path, bytes } of files) {
    read.all.set(path, bytes);
    if (bytes === null) {
      read.skipped.push({ path, reason: 'larger than a file may be' });
      continue;
    }
    const content = contentOf(path, bytes);
    if (content.kind === 'python') read.texts.set(path, content.text);
    else if (content.kind === 'data') read.skipped.push({ path, reason: 'not Python' });
    else {
      const { reason, line, column } = content;
      read.skipped.push({ path, reason, ...(line && column ? { line, column } : {}) });
    }
  }
  return read;
}

/** Takes out the files that Python could not read. */
function takeOutBroken(read: Read, folder: SourceFolder): void {
  for (const path of [...read.texts.keys()]) {
    const error = parseError(path, folder);
    if (!error) continue;
    const { line, column, message } = error;
    read.skipped.push({ path, reason: `does not parse: ${message}`, line, column });
    read.texts.delete(path);
  }
}

/** Ruff's word counts; as it takes longer, it is asked where the grammar stumbled. */
function parseError(path: string, folder: SourceFolder): Diagnostic | undefined {
  try {
    const { broken, text } = folder.module(path);
    return broken ? lint(text).syntax[0] : undefined;
  } catch (error) {
    if (error instanceof DefinitionError) return error.diagnostics[0];
    throw error;
  }
}

/** Classes in tests stand in for instruments; they are none. */
function isTest(path: string): boolean {
  return /(^|\/)tests?\//.test(path) || /^(test_.*|.*_test|conftest)\.py$/.test(basename(path));
}

function helperSkip(cls: InstrumentClass, carved: readonly Carved[]): Skipped[] {
  const reason = isTest(cls.path) ? 'part of a test' : cls.helper;
  if (reason === undefined) return [];
  const carriers = carved.filter(({ carving }) =>
    carving.parts.get(cls.path)?.needed.has(cls.name),
  );
  const carried = carriers.length === 0 ? '' : `; carried in ${names(carriers)}`;
  return [{ path: cls.path, class: cls.name, line: cls.line, reason: reason + carried }];
}

function withoutInstruments(
  searched: string[],
  classes: readonly InstrumentClass[],
  folder: SourceFolder,
  carved: readonly Carved[],
): Skipped[] {
  const instruments = new Set(classes.map((cls) => cls.path));
  return searched.flatMap((path) => {
    if (instruments.has(path) || folder.module(path).statements.length === 0) return [];
    if (basename(path) === '__init__.py') return [];
    const carriers = carved.filter(({ carving }) => carving.parts.has(path));
    const reason =
      carriers.length > 0
        ? `no instrument class; carried in ${names(carriers)}`
        : 'no class in it builds on an instrument base class';
    return [{ path, reason }];
  });
}

function names(carved: readonly Carved[]): string {
  const all = carved.map((c) => c.definition.name).sort(byText);
  return all.length > 3
    ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`
    : all.join(', ');
}
