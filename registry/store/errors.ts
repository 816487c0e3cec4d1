/** Why the database refused or failed; `code` is what callers decide by. */
export type StoreErrorCode =
  | 'unique_violation'
  | 'foreign_key_violation'
  | 'check_violation'
  | 'not_null_violation'
  | 'invalid_value'
  | 'serialization_failure'
  | 'database_in_use'
  | 'database_unavailable';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** The constraint or unique index that was violated, by its name in `migrations/`. */
  readonly constraint: string | undefined;
  readonly column: string | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: ErrorOptions & { constraint?: string | undefined; column?: string | undefined } = {},
  ) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
    this.constraint = options.constraint;
    this.column = options.column;
  }
}

/**
 * SQLSTATE (PostgreSQL manual, appendix A) to our codes. Class 22 is a value that the database cannot
 * hold, such as U+0000 in a text; classes 08, 28, 3D, 53 and 57P are a server that is gone, does not let
 * us in, lacks the database, is full or going down.
 */
const codes: [pattern: RegExp, code: StoreErrorCode][] = [
  [/^23505$/, 'unique_violation'],
  [/^23503$|^23001$/, 'foreign_key_violation'],
  [/^23514$/, 'check_violation'],
  [/^23502$/, 'not_null_violation'],
  // The ORM writes values into the statement, so that U+0000 breaks the protocol's message (08P01).
  [/^22|^08P01$/, 'invalid_value'],
  [/^40001$|^40P01$|^55P03$/, 'serialization_failure'],
  [/^(08|28|3D|53|57P)/, 'database_unavailable'],
  [
    /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|ENOENT|EPIPE|ETIMEDOUT|EAI_AGAIN)$/,
    'database_unavailable',
  ],
];

/** What both drivers (pg and PGlite) put on an error that came from the server. */
interface ServerError extends Error {
  code?: string;
  constraint?: string;
  column?: string;
}

/**
 * Turns an error of either driver into a StoreError, once; anything else (a service's own error, a
 * programming error, a SQLSTATE that no caller can act on) is returned as it is.
 */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const { code, constraint, column, message } = error as ServerError;
  const known = codes.find(([pattern]) => typeof code === 'string' && pattern.test(code));
  if (known) return new StoreError(known[1], message, { cause: error, constraint, column });
  // pg reports a connection that ended under a query without any code.
  if (/^Connection terminated|^timeout exceeded when trying to connect/.test(message)) {
    return new StoreError('database_unavailable', message, { cause: error });
  }
  return error;
}
