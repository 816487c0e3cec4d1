import type { ValidationResult } from '../../../registry/schemas/definitions.ts';

type Diagnostic = ValidationResult['errors'][number];

/** An error or a warning about a file. */
export interface Finding extends Diagnostic {
  severity: 'error' | 'warning';
}

/** The findings in one file. If `file` is undefined, returns the findings in the main file, which name no file. */
export function findingsOf({ errors, warnings }: ValidationResult, file?: string): Finding[] {
  const of = (found: readonly Diagnostic[], severity: Finding['severity']) =>
    found.filter((one) => one.file === file).map((one) => ({ ...one, severity }));
  return [...of(errors, 'error'), ...of(warnings, 'warning')];
}
