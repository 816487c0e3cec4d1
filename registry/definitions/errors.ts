import type { Diagnostic } from './types.ts';

/** Why a definition's text cannot be processed. Callers decide by `code` what to do. */
export type DefinitionErrorCode =
  | 'undecodable'
  | 'unencodable'
  | 'too_deep'
  | 'bad_header'
  | 'null_in_metadata'
  /** A file of a folder has changed since it was first read. */
  | 'folder_changed';

/** The only error that `registry/definitions` throws. */
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
