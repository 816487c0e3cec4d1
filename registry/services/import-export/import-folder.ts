/** `registry import`: one definition for each instrument class of a folder. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { RepositoryError } from '../../../repos/errors.ts';
import type { GitProgram, Signature } from '../../../repos/types.ts';
import type { ReadContent } from '../../definitions/content.ts';
import type { Choice } from '../../definitions/extract/choice.ts';
import { byText } from '../../definitions/extract/paths.ts';
import type { Extracted, OnReading } from '../../definitions/extract/types.ts';
import { checkName, checkPaths } from '../../definitions/names.ts';
import type { Override } from '../../definitions/record.ts';
import type { Diagnostic, Files, ImportPolicy, InstrumentType } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import { StoreError } from '../../store/errors.ts';
import type { AnalysisDeps, FolderOrder, FolderReading, ReadDefinition } from '../analysis.ts';
import { REGISTRY_ACCOUNT } from '../caller.ts';
import { findExcess } from '../content/files.ts';
import { type Authorship, readAuthors } from './folder-authors.ts';
import { listFolder } from './folder-files.ts';
import {
  type Imported,
  type ImportReport,
  type SkippedClass,
  settleReport,
} from './import-report.ts';

/** A definition ready to land. */
export interface ImportItem {
  name: string;
  files: Files;
  /** The content of the files. */
  content: ReadContent;
  /** The files without what the import wrote into the header: they make no new version either. */
  asFound?: Files;
  /** The last author of the file with the class, if git knows. */
  author?: Signature;
  /** Subject and body of the commit. */
  message: string;
  /** Rules that this version violates, for its record. */
  overrides: Override[];
}

export interface Landed {
  result: 'created' | 'updated' | 'unchanged';
  /** The definition's newest version. */
  version?: number;
}

/** An existing definition. */
export interface Existing {
  /** Its name as it was given. */
  name: string;
  /** The number of the newest version; null if there is none yet. */
  version: number | null;
  /** Why this target may not create its next version; null if it may. */
  refusal: string | null;
  /** Whether its newest version has exactly these files. */
  hasSameFiles(files: Files): Promise<boolean>;
}

/** The target of an import: a lab, or the built-in definitions. */
export interface ImportTarget {
  /** The policy with the banned imports. */
  policy: ImportPolicy;
  /** Largest file, in bytes. */
  maxFileBytes: number;
  /** The taken names among these, ignoring case, by lower-case name. */
  findExisting(names: readonly string[]): Promise<ReadonlyMap<string, Existing>>;
  /** A similar free name for each of these, if one is found. */
  freeNames(
    names: readonly string[],
    reserved: Iterable<string>,
  ): Promise<ReadonlyMap<string, string>>;
  /**
   * Creates the definition or its next version, or finds it unchanged. Throws `Problem` if it may not, and
   * `RepositoryError` or `StoreError` if it fails.
   */
  land(item: ImportItem): Promise<Landed>;
}

export interface ImportOptions {
  /** Further base classes by name. */
  bases?: ReadonlyMap<string, InstrumentType>;
  choice?: Choice;
  /** Reports what would happen, and changes nothing. */
  dryRun?: boolean;
  /**
   * Called before the files of the folder are read, with their number; the number of definitions is not known
   * yet.
   */
  onReading?: (files: number) => void;
  /** Progress of reading. */
  onRead?: OnReading;
  onProgress?: (done: number, total: number) => void;
}

/** An import that ended early: what it did until then, and why it ended (`cause`). */
export class ImportEnded extends Error {
  readonly code = 'import_ended';
  readonly report: ImportReport;
  constructor(report: ImportReport, cause: unknown) {
    super('The import stopped early. The report lists what was imported before that.', { cause });
    this.name = 'ImportEnded';
    this.report = report;
  }
}

/** The dependencies of an import besides its target. */
export interface ImportDeps extends AnalysisDeps {
  git: GitProgram;
}

/** Concurrent landings; each waits for the disk most of the time. */
const LANDING_AT_ONCE = 4;

/**
 * Imports a folder. Each definition lands by itself: one that cannot is reported as skipped with the reason,
 * and the others continue. A definition that only breaks a rule (a banned import, a name that is undefined in
 * some branch) is imported with an override, because this code already works in a lab; its next version must
 * follow the rules. Files that Python could not load are skipped.
 * @throws the file system's error if the folder cannot be read; `ImportEnded` after an unexpected error
 */
export async function importFolder(
  folder: string,
  options: ImportOptions,
  target: ImportTarget,
  { git, analysis }: ImportDeps,
): Promise<ImportReport> {
  const root = await realpath(folder);
  const [read, authors] = await Promise.all([listFolder(root), readAuthors(git, root)]);
  const packageName = await packageOf(root);
  options.onReading?.(read.files.length);
  const order: FolderOrder = {
    root,
    files: read.files,
    policy: target.policy,
    location: root.split(sep).filter((part) => part !== ''),
    maxFileBytes: target.maxFileBytes,
    ...(packageName && { packageName }),
    ...(options.bases && { bases: options.bases }),
    ...(options.choice && { choice: options.choice }),
  };
  const found = await analysis.readFolder(REGISTRY_ACCOUNT, order, options.onRead);
  try {
    if (found.unmet.length > 0) {
      const what = found.unmet.join(', ');
      throw new Problem('invalid', `Nothing was imported: no class matches ${what}.`);
    }
    return await landAll(found, authors, read.skipped, { root, options, target });
  } finally {
    await found.end();
  }
}

async function landAll(
  found: FolderReading,
  authors: ReadonlyMap<string, Authorship>,
  unread: readonly SkippedClass[],
  { root, options, target }: { root: string; options: ImportOptions; target: ImportTarget },
): Promise<ImportReport> {
  const skipped: SkippedClass[] = [...unread];
  const imported: Imported[] = [];
  const taken = await target.findExisting(found.names);
  const offers = await target.freeNames(
    found.names.filter((name) => isRefused(name, taken)),
    found.names,
  );
  let done = 0;
  let stopped = false;
  const work = async (): Promise<void> => {
    for (let next = await found.next(); next && !stopped; next = await found.next()) {
      const authorship = authors.get(next.definition.origin);
      const outcome = await importOne(next, authorship, { taken, offers }, target, options);
      if ('result' in outcome) imported.push(outcome);
      else skipped.push(outcome);
      options.onProgress?.(++done, found.names.length);
    }
  };
  // After a failure, running landings are finished and no new ones begin.
  const stop = (error: unknown): never => {
    stopped = true;
    throw error;
  };
  const works = Array.from({ length: LANDING_AT_ONCE }, () => work().catch(stop));
  const ends = await Promise.allSettled([...works, Promise.all(works).then(() => found.skipped())]);
  for (const end of ends) if (end.status === 'fulfilled') skipped.push(...(end.value ?? []));
  const report = settleReport({
    folder: root,
    dry_run: options.dryRun ?? false,
    imported: imported.sort((a, b) => byText(a.name, b.name)),
    skipped: skipped.sort((a, b) => byText(a.path, b.path) || (a.line ?? 0) - (b.line ?? 0)),
  });
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw new ImportEnded(report, failed.reason);
  return report;
}

interface Names {
  taken: ReadonlyMap<string, Existing>;
  /** Free names for refused ones. */
  offers: ReadonlyMap<string, string>;
}

function isRefused(name: string, taken: ReadonlyMap<string, Existing>): boolean {
  const existing = taken.get(name.toLowerCase());
  return existing !== undefined && (existing.name !== name || existing.refusal !== null);
}

async function importOne(
  { definition: found, validation, loads, content }: ReadDefinition,
  authorship: Authorship | undefined,
  { taken, offers }: Names,
  target: ImportTarget,
  options: ImportOptions,
): Promise<Imported | SkippedClass> {
  const { name, original = name, files, origin, line } = found;
  const skip = (
    reason: string,
    at: { line: number; column?: number } = { line },
  ): SkippedClass => ({
    path: origin,
    class: original,
    kind: 'lost',
    reason,
    ...at,
  });
  const refuse = (reason: string): SkippedClass => {
    const free_name = offers.get(name);
    if (free_name === undefined) return skip(reason);
    const way = `--rename ${original}=${free_name} imports it under a free name`;
    return { ...skip(`${reason}; ${way}`), kind: 'taken', free_name };
  };
  const existing = taken.get(name.toLowerCase());
  if (existing && existing.name !== name) {
    return refuse(`its name clashes with the definition ${existing.name} (case is ignored)`);
  }
  const unfit = findObstacle(name, files, target.maxFileBytes);
  if (unfit !== undefined) return skip(unfit);
  const { errors, warnings } = validation;
  const fatal = errors.find(({ code }) => FATAL.has(code));
  if (fatal) {
    const where = `${fatal.file ?? `${name}.py`}:${fatal.line}:${fatal.column}`;
    return skip(`${where}: ${fatal.message}`, { line: fatal.line, column: fatal.column });
  }
  const item: ImportItem = {
    name,
    files,
    content,
    ...(found.asFound && { asFound: found.asFound }),
    message: messageOf(found, existing !== undefined, authorship),
    overrides: errors.map((error) => ({ code: error.code, message: describeFinding(name, error) })),
    ...(authorship && { author: authorship.author }),
  };
  try {
    const landed = await landItem(item, existing, target, options.dryRun ?? false);
    return {
      name,
      ...(original !== name && { original }),
      path: origin,
      line,
      ...landed,
      loads,
      warnings: [...found.warnings, ...warnings.map((warning) => describeFinding(name, warning))],
      overrides: item.overrides,
    };
  } catch (error) {
    const isItsOwn =
      error instanceof Problem || error instanceof RepositoryError || error instanceof StoreError;
    if (error instanceof Problem && error.code === 'name_taken') return refuse(error.message);
    if (isItsOwn) return skip(error.message);
    throw error;
  }
}

/** Why a definition cannot have this name and these files, before their content is read. */
function findObstacle(name: string, files: Files, maxFileBytes: number): string | undefined {
  const badName = checkName(name);
  if (badName !== null) return badName;
  const [clash] = checkPaths(files.keys());
  if (clash) return `${clash.path}: ${clash.message}`;
  for (const [path, { byteLength }] of files) {
    if (byteLength > maxFileBytes)
      return `${path} would have ${byteLength} bytes; at most ${maxFileBytes} are allowed`;
  }
  return findExcess(files);
}

/** Findings for code that Python could not load or the registry could not describe. */
const FATAL = new Set([
  'syntax',
  'too-deep',
  'too-large',
  'encoding',
  'missing-file',
  'missing-class',
  'not-an-instrument',
  'header-toml',
  'header-value',
]);

/** Lands the item, or says what landing it would do; dry run and real import decide the same way. */
async function landItem(
  item: ImportItem,
  existing: Existing | undefined,
  target: ImportTarget,
  dryRun: boolean,
): Promise<Landed> {
  const isSame = async (files: Files | undefined): Promise<boolean> =>
    existing !== undefined && files !== undefined && (await existing.hasSameFiles(files));
  if (existing && ((await isSame(item.files)) || (await isSame(item.asFound)))) {
    return { result: 'unchanged', ...(existing.version !== null && { version: existing.version }) };
  }
  if (existing?.refusal) throw new Problem('name_taken', existing.refusal);
  if (dryRun) return { result: existing ? 'updated' : 'created' };
  return await target.land(item);
}

function messageOf({ name, origin }: Extracted, isThere: boolean, authorship?: Authorship): string {
  const commit = authorship ? `, commit ${authorship.commit}` : '';
  return `${isThere ? 'Update' : 'Import'} ${name}\n\nFrom ${origin}${commit}`;
}

function describeFinding(name: string, found: Diagnostic & { file?: string }): string {
  return `${found.file ?? `${name}.py`}:${found.line}:${found.column}: ${found.code} ${found.message}`;
}

/** The dotted package name of the folder, as far up as the folders are packages: `pymeasure.instruments`. */
async function packageOf(folder: string): Promise<string | undefined> {
  const parts: string[] = [];
  let at = folder;
  for (; await isFile(join(at, '__init__.py')); at = dirname(at)) parts.unshift(basename(at));
  return parts.length === 0 ? undefined : parts.join('.');
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
