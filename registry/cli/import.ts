/** `registry import <folder>`. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { InstrumentType } from '../definitions/types.ts';
import { Problem } from '../errors.ts';
import {
  ImportEnded,
  type ImportRooms,
  type ImportTarget,
  importFolder,
} from '../services/import-export/import-folder.ts';
import { formatReport } from '../services/import-export/import-report.ts';
import type { Terminal } from './terminal.ts';

export interface ImportCommand {
  folder: string;
  /** Where the report goes as JSON. */
  report?: string;
  dryRun?: boolean;
  /** `Name=movement` or `Name=measurement`, each. */
  base?: string[];
}

/**
 * Imports, and prints the report.
 * @returns 0, also where something was skipped: the report says what
 * @throws ImportEnded once the report of what was done before has been printed and written
 */
export async function runImport(
  { target, ...rooms }: ImportRooms & { target: ImportTarget },
  terminal: Terminal,
  { folder, report: reportFile, dryRun = false, base = [] }: ImportCommand,
): Promise<number> {
  const bases = new Map(base.map(parseBase));
  const onProgress = (done: number, total: number) => terminal.progress(done, total, 'Importing');
  let ended: ImportEnded | undefined;
  const report = await orProblem(resolve(folder), (path) =>
    importFolder(path, { bases, dryRun, onProgress }, target, rooms),
  ).catch((error: unknown) => {
    if (!(error instanceof ImportEnded)) throw error;
    ended = error;
    return error.report;
  });
  for (const line of formatReport(report)) terminal.out(line);
  if (reportFile !== undefined) {
    const text = `${JSON.stringify(report, null, 2)}\n`;
    await orProblem(resolve(reportFile), (path) => writeFile(path, text));
  }
  if (ended) throw ended;
  return 0;
}

/** A folder or file that cannot be used is the user's to mend: said in a line, not as a stack. */
export async function orProblem<T>(path: string, act: (path: string) => Promise<T>): Promise<T> {
  try {
    return await act(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (!/^(ENOENT|ENOTDIR|EISDIR|EACCES|EPERM|EROFS|EEXIST|ENOSPC)$/.test(String(code)))
      throw error;
    throw new Problem('invalid', `${path}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

function parseBase(text: string): [string, InstrumentType] {
  const [, name, type] = /^([A-Za-z_]\w*)=(movement|measurement)$/.exec(text) ?? [];
  if (!name || !type) {
    throw new Problem('invalid', `--base ${text}: write Name=movement or Name=measurement`);
  }
  return [name, type as InstrumentType];
}
