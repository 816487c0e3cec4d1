/** Implements `registry import`: makes one definition of each instrument class in a folder. */
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

/** A definition that is ready to land. */
export interface ImportItem {
  name: string;
  files: Files;
  /** What the index stores of the files. */
  content: ReadContent;
  /** The files before the import changed their header. If these files equal the newest version, no new version lands. */
  asFound?: Files;
  /** The last author of the file with the class, if the folder is in a git checkout. */
  author?: Signature;
  /** The subject and the body of the commit message. */
  message: string;
  /** The rules that this version violates. The record of the version lists them. */
  overrides: Override[];
}

export interface Landed {
  result: 'created' | 'updated' | 'unchanged';
  /** The definition's newest version. */
  version?: number;
}

/** A definition that exists already. */
export interface Existing {
  /** The name of the definition, in its own upper and lower case. */
  name: string;
  /** The number of the newest version. Null if there is no version. */
  version: number | null;
  /** The reason why the import may not add a version to this definition. Null if it may. */
  refusal: string | null;
  /** Whether the newest version has exactly these files. */
  hasSameFiles(files: Files): Promise<boolean>;
}

/** The target of an import: a lab, or the built-in definitions. */
export interface ImportTarget {
  /** The lab's policy on banned imports. */
  policy: ImportPolicy;
  /** The largest allowed size of a file, in bytes. */
  maxFileBytes: number;
  /** Finds existing definitions with these names in any case. The keys of the result are in lower case. */
  findExisting(names: readonly string[]): Promise<ReadonlyMap<string, Existing>>;
  /** Suggests a similar free name for each name, if it finds one. */
  freeNames(
    names: readonly string[],
    reserved: Iterable<string>,
  ): Promise<ReadonlyMap<string, string>>;
  /**
   * Creates the definition or its next version. Lands nothing if the files are unchanged. Throws `Problem` if the name is
   * taken, and `RepositoryError` or `StoreError` if the landing fails.
   */
  land(item: ImportItem): Promise<Landed>;
}

export interface ImportOptions {
  /** Additional base classes of instruments, by name. */
  bases?: ReadonlyMap<string, InstrumentType>;
  choice?: Choice;
  /** Whether to report only what would happen, without a change. */
  dryRun?: boolean;
  /** Called with the number of files before they are read. The number of definitions is not known yet. */
  onReading?: (files: number) => void;
  /** Called repeatedly while the files are read. */
  onRead?: OnReading;
  onProgress?: (done: number, total: number) => void;
}

/** Thrown if an import ends early. The error contains the report of what was done, and the reason (`cause`). */
export class ImportEnded extends Error {
  readonly code = 'import_ended';
  readonly report: ImportReport;
  constructor(report: ImportReport, cause: unknown) {
    super('The import stopped early. The report lists what was already imported.', { cause });
    this.name = 'ImportEnded';
    this.report = report;
  }
}

/** The dependencies of an import other than its target. */
export interface ImportDeps extends AnalysisDeps {
  git: GitProgram;
}

/**
 * How many definitions land at the same time. Several land at the same time, because a landing mostly waits for the
 * disk.
 */
const LANDING_AT_ONCE = 4;

/**
 * Imports a folder. Each definition lands separately. If a definition cannot land, the report gives the reason, and the
 * import continues. A definition that breaks a rule (for example with a banned import) is imported with an override,
 * because this code already works in a lab. The next version must follow the rules. Files that Python could not load
 * are skipped.
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
      throw new Problem('invalid', `Nothing was imported, because no class matches ${what}.`);
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
  // After a failure, running landings still finish, but no new ones start.
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
  /** A free name for each name that cannot be used. */
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

/** The reason why a definition cannot have this name or these files. The check does not read the content of the files. */
function findObstacle(name: string, files: Files, maxFileBytes: number): string | undefined {
  const badName = checkName(name);
  if (badName !== null) return badName;
  const [clash] = checkPaths(files.keys());
  if (clash) return `${clash.path}: ${clash.message}`;
  for (const [path, { byteLength }] of files) {
    if (byteLength > maxFileBytes)
      return `${path} would have ${byteLength} bytes, but at most ${maxFileBytes} are allowed`;
  }
  return findExcess(files);
}

/** The codes of findings that stop the import of a definition. All other findings become overrides. */
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

/** Lands a definition. A dry run lands nothing, and only returns what would happen. */
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

/**
 * The dotted name of the folder as a Python package, such as `pymeasure.instruments`. Undefined if the folder is not a
 * package.
 */
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
