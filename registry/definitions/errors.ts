import type { Diagnostic } from './types.ts';

/** Why a definition's text cannot be worked with at all; `code` is what callers decide by. */
export type DefinitionErrorCode =
  | 'undecodable'
  | 'unencodable'
  | 'too_deep'
  | 'bad_header'
  | 'null_in_metadata';

/** The only error that the pure core throws. */
export class DefinitionError extends Error {
  readonly code: DefinitionErrorCode;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: DefinitionErrorCode, diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((found) => found.message).join('; '));
    this.name = 'DefinitionError';
    this.code = code;
    this.diagnostics = diagnostics;
  }
}
