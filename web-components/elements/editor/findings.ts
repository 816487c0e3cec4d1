import type { ValidationResult } from '../../../registry/schemas/definitions.ts';

type Diagnostic = ValidationResult['errors'][number];

/** What is wrong with a file, or might be. */
export interface Finding extends Diagnostic {
  severity: 'error' | 'warning';
}

/** Those of one file: the main file's diagnostics name none. */
export function findingsOf({ errors, warnings }: ValidationResult, file?: string): Finding[] {
  const of = (found: readonly Diagnostic[], severity: Finding['severity']) =>
    found.filter((one) => one.file === file).map((one) => ({ ...one, severity }));
  return [...of(errors, 'error'), ...of(warnings, 'warning')];
}
