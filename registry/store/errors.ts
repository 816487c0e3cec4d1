/** The codes by which callers distinguish the errors of the database. */
export type StoreErrorCode =
  | 'unique_violation'
  | 'foreign_key_violation'
  | 'check_violation'
  | 'not_null_violation'
  | 'invalid_value'
  | 'invalid_cursor'
  | 'serialization_failure'
  | 'busy'
  | 'database_in_use'
  | 'database_damaged'
  | 'database_unavailable';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** The name of the violated constraint or unique index, as in `migrations/`. */
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
 * Maps SQLSTATE (PostgreSQL manual, appendix A) and Node's network errors to our codes. Class 22 means that the database
 * cannot store a value, such as U+0000 in a text. Classes 08, 28, 3D, 53 and 57P mean that the server is unreachable,
 * refuses access, does not have the database, is full, or is shutting down.
 */
const codes: [pattern: RegExp, code: StoreErrorCode][] = [
  [/^23505$/, 'unique_violation'],
  [/^23503$|^23001$/, 'foreign_key_violation'],
  [/^23514$/, 'check_violation'],
  [/^23502$/, 'not_null_violation'],
  // The ORM writes values into the statement, so U+0000 breaks the protocol's message (08P01).
  [/^22|^08P01$/, 'invalid_value'],
  [/^40001$|^40P01$/, 'serialization_failure'],
  // A lock or a statement took longer than `LIMITS` in drivers.ts allows.
  [/^55P03$|^57014$/, 'busy'],
  // The server has ended a session that did nothing in a transaction for too long.
  [/^25P03$/, 'database_unavailable'],
  [/^(08|28|3D|53|57P)/, 'database_unavailable'],
  [
    /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|ENOENT|EPIPE|ETIMEDOUT|EAI_AGAIN)$/,
    'database_unavailable',
  ],
  // Certificates that are not trusted or do not fit (Node's manual, `X509 certificate error codes` and `ERR_TLS_*`).
  [
    /^(ERR_(TLS|SSL)_|UNABLE_TO_|CERT_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|HOSTNAME_MISMATCH)/,
    'database_unavailable',
  ],
];

const LOST =
  /^(Connection terminated|The server does not support SSL connections|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** An error from either database, with the properties that both pg and PGlite set. */
interface ServerError extends Error {
  code?: string;
  constraint?: string;
  column?: string;
}

/**
 * Converts an error of the database to a StoreError. Returns other errors unchanged: errors of services, programming
 * errors, and SQLSTATEs that no caller handles.
 */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const { code, constraint, column, message } = error as ServerError;
  const known = codes.find(([pattern]) => typeof code === 'string' && pattern.test(code));
  if (known) return new StoreError(known[1], message, { cause: error, constraint, column });
  // If a connection ends during a query or between two, pg sets no code.
  if (LOST.test(message)) {
    return new StoreError('database_unavailable', message, { cause: error });
  }
  return error;
}
