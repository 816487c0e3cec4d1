/**
 * Every error that the registry tells a caller, in one table: code → HTTP status and title
 * (RFC 9457, "Problem Details for HTTP APIs"). Services throw `Problem`; the door turns it into an answer.
 */
import { describeHidden, findHidden, HIDDEN_IN_LINE, HIDDEN_IN_PROSE } from '../text/hidden.ts';
import { NOT_BLANK } from './schemas/common.ts';
import { ADDRESS } from './schemas/people.ts';

export const PROBLEMS = {
  malformed: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  bad_credentials: { status: 401, title: 'Wrong username or password' },
  sign_in_refused: { status: 401, title: 'The sign-in was refused' },
  forbidden: { status: 403, title: 'Not allowed' },
  cross_origin: { status: 403, title: 'Not asked by a page of the registry' },
  bad_code: { status: 403, title: 'The enrolment code does not count' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'Not available in that form' },
  too_slow: { status: 408, title: 'The request comes too slowly' },
  name_taken: { status: 409, title: 'The name is taken' },
  conflict: { status: 409, title: 'Conflict with what is there' },
  not_mergeable: { status: 409, title: 'The merge request cannot be merged' },
  in_use: { status: 409, title: 'Still in use' },
  too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  invalid: { status: 422, title: 'Invalid input' },
  invalid_definition: { status: 422, title: 'The definition is not valid' },
  too_costly: { status: 422, title: 'Too costly to read' },
  headers_too_large: { status: 431, title: 'Headers too large' },
  too_many_attempts: { status: 429, title: 'Too many failed attempts' },
  too_many_requests: { status: 429, title: 'Too many requests at once' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Not available right now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong with the input; the place in a source file where there is one. */
export interface ProblemDetail {
  path: string;
  message: string;
  [more: string]: unknown;
}

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: ProblemDetail[] | undefined;
  /** In how many seconds it is worth trying again, where that is known. */
  readonly retryAfter: number | undefined;
  /** Of `name_taken`: a name like it that nobody has. */
  readonly freeName: string | undefined;

  /** `detail` says what happened and what to do next; it is shown to the caller as it stands. */
  constructor(
    code: ProblemCode,
    detail: string,
    errors?: ProblemDetail[],
    options?: ErrorOptions & { retryAfter?: number; freeName?: string },
  ) {
    super(detail, options);
    this.name = 'Problem';
    this.code = code;
    this.errors = errors;
    this.retryAfter = options?.retryAfter;
    this.freeName = options?.freeName;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** The problem document. `type` is a stable URI reference, explained in the API documentation. */
  toJSON(): Record<string, unknown> {
    return {
      type: `/problems/${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.errors && { errors: this.errors }),
      ...(this.freeName !== undefined && { free_name: this.freeName }),
    };
  }
}

export const notFound = (what: string): Problem =>
  new Problem('not_found', `There is no such ${what}.`);

/** What JSON Schema validators (Ajv, and Fastify by it) say of one thing that is wrong. */
export interface SchemaError {
  instancePath: string;
  message?: string | undefined;
  params?: Record<string, unknown>;
  keyword?: string;
  /** What it is said of, where the validator is `verbose`. */
  data?: unknown;
}

/** `invalid` with a line for each; `whole` names the input for what is wrong with all of it. */
export function invalidInput(
  found: readonly SchemaError[],
  whole: string,
  options?: ErrorOptions,
): Problem {
  const said = found.filter((error) => !isOfNull(error));
  const errors = (said.length > 0 ? said : found).map((error): ProblemDetail => {
    const at = error.instancePath.slice(1).split('/').map(unescaped).join('.');
    const { missingProperty, additionalProperty } = error.params ?? {};
    const path = [at, missingProperty, additionalProperty].filter(isName).join('.') || whole;
    return { path, message: inWords(error) };
  });
  const text = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return new Problem('invalid', text, errors, options);
}

const isName = (part: unknown): boolean => part !== undefined && part !== '';

/** A part of a JSON Pointer as it is spelled in the document (RFC 6901, section 4). */
const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** That a value is no null either helps nobody. */
const isOfNull = ({ keyword, params }: SchemaError): boolean =>
  keyword === 'anyOf' || params?.type === 'null';

function inWords({ message, params, keyword, data }: SchemaError): string {
  if (params?.missingProperty) return 'is required';
  if (keyword === 'additionalProperties') return 'is not accepted here: leave it out';
  if (Array.isArray(params?.allowedValues)) {
    return `must be one of: ${params.allowedValues.join(', ')}`;
  }
  if (params?.format === 'date-time') return 'must be a time, as 2027-01-31T12:00:00Z';
  if (params?.format === 'line' || params?.format === 'prose') {
    const kind = params.format === 'line' ? HIDDEN_IN_LINE : HIDDEN_IN_PROSE;
    const [hidden] = findHidden(String(data), kind, 1);
    return hidden
      ? `cannot hold ${describeHidden(hidden.character)}, which nobody sees: take it out at character ${hidden.at + 1}`
      : 'cannot hold characters that nobody sees';
  }
  if (keyword === 'minLength' && params?.limit === 1) return 'must not be empty';
  if (keyword === 'pattern' && params?.pattern === NOT_BLANK) return 'must not be blank';
  if (keyword === 'pattern' && params?.pattern === ADDRESS) {
    return 'must be an address, as name@lab.example, in ASCII and without quotes';
  }
  return message ?? 'is not valid';
}
