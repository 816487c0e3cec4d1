/** What an import did, as JSON for `--report` and as text for a terminal. */
import type { Skipped } from '../../definitions/extract/types.ts';
import type { Override } from '../../definitions/record.ts';

export interface Imported {
  name: string;
  /** The file that the class was found in, below the folder, and its line there. */
  path: string;
  line: number;
  result: 'created' | 'updated' | 'unchanged';
  version?: number;
  warnings: string[];
  overrides: Override[];
}

export type SkippedClass = Skipped;

export interface ImportReport {
  folder: string;
  dry_run: boolean;
  imported: Imported[];
  skipped: SkippedClass[];
  /** Those of all definitions, each with the definition's name before it. */
  warnings: string[];
  counts: Record<
    'imported' | 'created' | 'updated' | 'unchanged' | 'skipped' | 'warnings' | 'overrides',
    number
  >;
}

/** Adds what follows from the rest: all warnings in one list, and the counts. */
export function settleReport(found: Omit<ImportReport, 'warnings' | 'counts'>): ImportReport {
  const { imported, skipped } = found;
  const warnings = imported.flatMap(({ name, warnings }) =>
    warnings.map((text) => `${name}: ${text}`),
  );
  const having = (result: Imported['result']): number =>
    imported.filter((one) => one.result === result).length;
  return {
    ...found,
    warnings,
    counts: {
      imported: imported.length,
      created: having('created'),
      updated: having('updated'),
      unchanged: having('unchanged'),
      skipped: skipped.length,
      warnings: warnings.length,
      overrides: imported.reduce((sum, { overrides }) => sum + overrides.length, 0),
    },
  };
}

/** The report in lines: what changed, what was skipped and why, warnings and overrides, the counts. */
export function formatReport(report: ImportReport): string[] {
  const { counts, imported, skipped } = report;
  const lines: string[] = [];
  const changed = imported.filter(({ result }) => result !== 'unchanged');
  const mark = { created: 'new', updated: 'updated', unchanged: '' };
  section(
    lines,
    report.dry_run ? 'Would import' : 'Imported',
    changed,
    ({ name, path, line, result, version }) =>
      `${name}${version ? ` v${version}` : ''} (${mark[result]}) from ${path}:${line}`,
  );
  section(lines, 'Skipped', skipped, (skip) => `${place(skip)}: ${skip.reason}`);
  section(lines, 'Warnings', report.warnings, (warning) => warning);
  section(
    lines,
    'Imported all the same, with an override',
    imported.flatMap(({ name, overrides }) => overrides.map((override) => ({ name, override }))),
    ({ name, override }) => `${name}: ${override.message}`,
  );
  lines.push(
    `${counts.imported} definitions: ${counts.created} new, ${counts.updated} updated, ` +
      `${counts.unchanged} unchanged. ${counts.skipped} skipped, ${counts.warnings} warnings, ` +
      `${counts.overrides} overrides.${report.dry_run ? ' Nothing was written (dry run).' : ''}`,
  );
  return lines;
}

function section<T>(
  lines: string[],
  title: string,
  items: readonly T[],
  show: (item: T) => string,
): void {
  if (items.length === 0) return;
  lines.push(`${title}:`, ...items.map((item) => `  ${show(item)}`), '');
}

function place({ path, class: name, line, column }: SkippedClass): string {
  const where =
    line === undefined ? path : `${path}:${line}${column === undefined ? '' : `:${column}`}`;
  return name === undefined ? where : `${where} ${name}`;
}
