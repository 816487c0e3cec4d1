/** The command `registry export <folder>`. */
import { resolve } from 'node:path';
import { type ExportedDefinition, exportFolder } from '../services/import-export/export-folder.ts';
import { orProblem } from './import.ts';
import type { Terminal } from './terminal.ts';

export interface ExportCommand {
  folder: string;
  /** Whether to replace existing files with other content. */
  force?: boolean;
}

/**
 * Writes the definitions into a folder, and prints a line for each that it could not write.
 * @returns the exit code: 1 if a definition could not be written
 */
export async function runExport(
  { definitions, total }: { definitions: AsyncIterable<ExportedDefinition>; total: number },
  terminal: Terminal,
  { folder, force = false }: ExportCommand,
): Promise<number> {
  const report = await orProblem(resolve(folder), (path) =>
    exportFolder(path, definitions, {
      overwrite: force,
      onProgress: (done) => terminal.progress(done, total, 'Exporting'),
    }),
  );
  for (const { name, path, reason } of report.refused) terminal.err(`${name}: ${path} ${reason}`);
  const { written, unchanged, refused } = report;
  terminal.out(
    `${written.length} definitions written to ${report.folder}, ${unchanged.length} unchanged, ${refused.length} refused.`,
  );
  return refused.length === 0 ? 0 : 1;
}
