/** The report of an import. `registry import` writes the report as JSON with `--report` and `--json`. */
import type { Loads } from '../../definitions/extract/loads.ts';
import type { Skipped } from '../../definitions/extract/types.ts';
import type { Override } from '../../definitions/record.ts';

export interface Imported {
  name: string;
  /** The name of the class in the folder, if `--rename` has changed the name. */
  original?: string;
  /** The path of the file with the class, relative to the folder. */
  path: string;
  line: number;
  result: 'created' | 'updated' | 'unchanged';
  version?: number;
  /** Whether the definition would load on a lab computer. */
  loads: Loads;
  warnings: string[];
  overrides: Override[];
}

export type SkippedClass = Skipped;

export interface ImportReport {
  folder: string;
  dry_run: boolean;
  imported: Imported[];
  skipped: SkippedClass[];
  /** The warnings about all definitions. Each warning begins with the name of its definition. */
  warnings: string[];
  counts: Record<
    | 'imported'
    | 'created'
    | 'updated'
    | 'unchanged'
    | 'skipped'
    /** Classes that should have been imported but were not. */
    | 'lost'
    | 'warnings'
    | 'overrides',
    number
  >;
}

/** Whether a skipped class should have been imported, or whether a skipped file may contain such a class. */
export const isLost = ({ kind }: SkippedClass): boolean =>
  kind === undefined || kind === 'clash' || kind === 'taken' || kind === 'lost';

/** Completes a report with the list of all warnings and with the counts. */
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
      lost: skipped.filter(isLost).length,
      warnings: warnings.length,
      overrides: imported.reduce((sum, { overrides }) => sum + overrides.length, 0),
    },
  };
}
