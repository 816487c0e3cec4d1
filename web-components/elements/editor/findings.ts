import type { ValidationResult } from '../../../registry/schemas/definitions.ts';

type Diagnostic = ValidationResult['errors'][number];

/** An error or a warning about a file. */
export interface Finding extends Diagnostic {
  severity: 'error' | 'warning';
}

/** The findings about one file; undefined stands for the main file, whose diagnostics name no file. */
export function findingsOf({ errors, warnings }: ValidationResult, file?: string): Finding[] {
  const of = (found: readonly Diagnostic[], severity: Finding['severity']) =>
    found.filter((one) => one.file === file).map((one) => ({ ...one, severity }));
  return [...of(errors, 'error'), ...of(warnings, 'warning')];
}
