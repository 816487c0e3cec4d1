/** The command `registry import <folder>`. */
import { writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Choice, Renaming } from '../definitions/extract/choice.ts';
import type { OnReading, ReadingStep } from '../definitions/extract/types.ts';
import type { InstrumentType } from '../definitions/types.ts';
import { Problem } from '../errors.ts';
import {
  type ImportDeps,
  ImportEnded,
  type ImportTarget,
  importFolder,
} from '../services/import-export/import-folder.ts';
import { formatReport } from '../services/import-export/report-text.ts';
import type { Terminal } from './terminal.ts';

export interface ImportCommand {
  folder: string;
  /** The file to which the report is written as JSON. */
  report?: string;
  dryRun?: boolean;
  /** Entries like `Name=movement` or `Name=measurement`. */
  base?: string[];
  include?: string[];
  exclude?: string[];
  /** Absolute paths, or paths below the folder. */
  prefer?: string[];
  /** Entries like `Old=New` or `path:Old=New`. */
  rename?: string[];
  verbose?: boolean;
  /** Whether to print the report as JSON instead of text. */
  json?: boolean;
}

/**
 * Imports a folder and prints a report.
 * @returns the exit code 0, even if classes were skipped, because the report lists them
 * @throws ImportEnded, or the `Problem` that ended the import early. The report of what was imported is printed first
 */
export async function runImport(
  { target, ...deps }: ImportDeps & { target: ImportTarget },
  terminal: Terminal,
  command: ImportCommand,
): Promise<number> {
  const { folder, report: reportFile, dryRun = false, base = [] } = command;
  const choice = choiceOf(command);
  const bases = new Map(base.map(parseBase));
  const onProgress = (done: number, total: number) => terminal.progress(done, total, 'Importing');
  const onReading = (files: number) => terminal.err(`Reading ${files} files to find definitions.`);
  const onRead: OnReading = (step, done, total) => terminal.progress(done, total, READING[step]);
  let ended: ImportEnded | undefined;
  const report = await orProblem(resolve(folder), (path) =>
    importFolder(path, { bases, choice, dryRun, onReading, onRead, onProgress }, target, deps),
  ).catch((error: unknown) => {
    if (!(error instanceof ImportEnded)) throw error;
    ended = error;
    return error.report;
  });
  const json = (): string => JSON.stringify(report, null, 2);
  if (command.json) terminal.out(json());
  else for (const line of formatReport(report, command.verbose)) terminal.out(line);
  if (reportFile !== undefined)
    await orProblem(resolve(reportFile), (path) => writeFile(path, `${json()}\n`));
  if (ended) throw ended.cause instanceof Problem ? ended.cause : ended;
  return 0;
}

const READING: Readonly<Record<ReadingStep, string>> = {
  files: 'Reading files',
  search: 'Searching files for classes',
  classes: 'Finding the dependencies of each class',
};

/** What the error codes of the operating system mean for a path. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of this path is not a folder',
  EISDIR: 'this is a folder, not a file',
  EACCES: 'this account may not access this path',
  EPERM: 'this account may not access this path',
  EROFS: 'the disk is read-only',
  EEXIST: 'a file or folder with this name already exists',
  ENOSPC: 'the disk is full',
};

/** Turns an error about a path into a `Problem`, so that the user gets one line and not a stack trace. */
export async function orProblem<T>(path: string, act: (path: string) => Promise<T>): Promise<T> {
  try {
    return await act(path);
  } catch (error) {
    const words = error instanceof Error && 'code' in error ? WORDS[String(error.code)] : undefined;
    if (words === undefined) throw error;
    const at = (error as NodeJS.ErrnoException).path ?? path;
    const about = at.startsWith(join(path, sep)) ? at : path;
    throw new Problem('invalid', `${about}: ${words}`, undefined, { cause: error });
  }
}

function choiceOf({
  folder,
  include = [],
  exclude = [],
  prefer = [],
  rename = [],
}: ImportCommand): Choice {
  return {
    include,
    exclude,
    prefer: prefer.map((path) => preferred(folder, path)),
    rename: rename.map(parseRename),
  };
}

function preferred(folder: string, path: string): string {
  const below = isAbsolute(path) ? relative(resolve(folder), path) : path;
  return below.split(sep).join('/').replace(/^\.\//, '').replace(/\/$/, '');
}

function parseRename(text: string): Renaming {
  const [, path, from, to] = /^(?:(.+):)?([A-Za-z_]\w*)=([A-Za-z_]\w*)$/.exec(text) ?? [];
  if (from === undefined || to === undefined)
    throw new Problem(
      'invalid',
      `--rename ${text}: write OLD=NEW, or PATH:OLD=NEW if several classes have the name OLD`,
    );
  return { from, to, ...(path !== undefined && { path }) };
}

function parseBase(text: string): [string, InstrumentType] {
  const [, name, type] = /^([A-Za-z_]\w*)=(movement|measurement)$/.exec(text) ?? [];
  if (!name || !type) {
    throw new Problem('invalid', `--base ${text}: write Name=movement or Name=measurement`);
  }
  return [name, type as InstrumentType];
}
