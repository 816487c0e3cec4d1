/** The report of an import, as written by `--report` and `--json`. */
import type { Loads } from '../../definitions/extract/loads.ts';
import type { Skipped } from '../../definitions/extract/types.ts';
import type { Override } from '../../definitions/record.ts';

export interface Imported {
  name: string;
  /** The name of its class in the folder, if `--rename` changed it. */
  original?: string;
  /** The file with the class, relative to the folder, and its line there. */
  path: string;
  line: number;
  result: 'created' | 'updated' | 'unchanged';
  version?: number;
  /** Whether it would load on a lab computer. */
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
  /** The warnings of all definitions, each after the definition's name. */
  warnings: string[];
  counts: Record<
    | 'imported'
    | 'created'
    | 'updated'
    | 'unchanged'
    | 'skipped'
    /** Classes that were meant to be imported and are not. */
    | 'lost'
    | 'warnings'
    | 'overrides',
    number
  >;
}

/** A class that should have been imported but was not, or a file that may contain some. */
export const isLost = ({ kind }: SkippedClass): boolean =>
  kind === undefined || kind === 'clash' || kind === 'taken' || kind === 'lost';

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
      lost: skipped.filter(isLost).length,
      warnings: warnings.length,
      overrides: imported.reduce((sum, { overrides }) => sum + overrides.length, 0),
    },
  };
}
