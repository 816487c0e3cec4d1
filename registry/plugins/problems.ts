/** Answers every error with a problem document (RFC 9457). Logs unexpected errors and answers them with 500. */
import { once } from 'node:events';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RepositoryError, type RepositoryErrorCode } from '../../repos/errors.ts';
import { diskProblem } from '../disk-faults.ts';
import { Problem, type ProblemCode } from '../errors.ts';
import { invalidInput } from '../invalid-input.ts';
import { StoreError, type StoreErrorCode } from '../store/errors.ts';

export function problems(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request: FastifyRequest, reply) =>
    answer(
      reply,
      new Problem(
        'not_found',
        `There is nothing at ${request.method} ${request.url.split('?')[0]}.`,
      ),
    ),
  );
}

/** Answers errors of handlers, and errors before a route is found, for example a path that cannot be decoded. */
export async function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const problem = problemOf(error, request);
  if (problem.status === 413) await takeRest(request);
  if (problem.status === 408) reply.header('connection', 'close');
  return answer(reply, problem);
}

/** Converts an error to the problem that the caller gets. Logs details that the caller must not get. */
export function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  const problem = asProblem(error, request.id);
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  if (NOT_NOW.has(problem.code)) request.log.warn({ reason }, 'not available');
  else if (problem.code === 'sign_in_refused') request.log.info({ reason }, 'sign-in refused');
  else if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
  return problem;
}

/** The most bytes that are read of a body that is too large. They are read so that the client gets the answer. */
const MOST_TAKEN = 64 * 1024 * 1024;

/**
 * Reads and drops the rest of a body, up to a limit. If the connection closed while the client is still sending, the client
 * would report a broken pipe and not the problem. node:http limits the time.
 */
async function takeRest({ headers, raw }: FastifyRequest): Promise<void> {
  if (!(Number(headers['content-length']) <= MOST_TAKEN)) return;
  raw.resume();
  if (!raw.readableEnded) await Promise.race([once(raw, 'end'), once(raw, 'close')]);
}

export function answer(reply: FastifyReply, problem: Problem): FastifyReply {
  reply.request.problem = problem;
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="registry"');
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem.toJSON());
}

function asProblem(error: FastifyError, requestId: string): Problem {
  if (error instanceof Problem) return error;
  if (error.validation) {
    return invalidInput(error.validation, error.validationContext ?? 'body', { cause: error });
  }
  const fault = diskProblem(error);
  if (fault) return fault;
  const known =
    error instanceof RepositoryError
      ? OF_REPOSITORIES[error.code]
      : error instanceof StoreError
        ? OF_STORE[error.code]
        : undefined;
  if (known) return new Problem(...known, undefined, { cause: error });
  if (error instanceof RepositoryError && error.code === 'too_large') {
    return new Problem('too_large', `The version is too large: ${error.message}.`, undefined, {
      cause: error,
    });
  }
  if (error instanceof StoreError && error.code === 'invalid_cursor') {
    const message = 'must be the `next` of an earlier page of the same list in the same order';
    return new Problem('invalid', `after ${message}`, [{ path: 'after', message }], {
      cause: error,
    });
  }
  const code = BY_STATUS[error.statusCode ?? 500];
  if (code) return new Problem(code, error.message, undefined, { cause: error });
  if (error.statusCode && error.statusCode < 500) {
    return new Problem('malformed', error.message, undefined, { cause: error });
  }
  return new Problem(
    'internal',
    `The registry failed while it processed the request. Tell a site admin the request id ${requestId}, which is in the log.`,
    undefined,
    { cause: error },
  );
}

/** The reason is in the log without a stack: it is not a fault of the program. */
const NOT_NOW = new Set<ProblemCode>(['unavailable', 'incomplete']);

type Known = [code: ProblemCode, detail: string];

const GONE: Known = [
  'incomplete',
  'The repository of the definition is missing or damaged. Ask a site admin to look at the log of the registry.',
];

/** What the caller gets for errors of the repositories that no service has translated. */
const OF_REPOSITORIES: Partial<Record<RepositoryErrorCode, Known>> = {
  ref_conflict: ['conflict', 'The definition has changed in the meantime. Try again.'],
  locked: [
    'unavailable',
    'Another program has locked the repository. The log of the registry names the lock file. Try again in a moment.',
  ],
  repository_not_found: GONE,
  damaged: GONE,
  fenced: [
    'unavailable',
    'The registry process was stopped for a while, so that another one took over. Read the definition again before you repeat the request.',
  ],
};

/** Two simultaneous requests can cause these errors. Services translate most of them themselves. */
const MET: Known = [
  'conflict',
  'Somebody else changed or deleted something that this request needs. Load the data again and repeat your change.',
];

/** What the caller gets for errors of the database that no service has translated. */
const OF_STORE: Partial<Record<StoreErrorCode, Known>> = {
  invalid_value: [
    'invalid',
    'The registry cannot store one of the values. Texts must be valid Unicode without NUL (U+0000).',
  ],
  foreign_key_violation: MET,
  serialization_failure: MET,
  busy: ['unavailable', 'Another change took too long. Try again in a moment.'],
  database_unavailable: ['unavailable', 'The database cannot be reached. Try again in a moment.'],
};

/** The codes for errors of Fastify itself, such as a wrong media type, by HTTP status. */
const BY_STATUS: Record<number, ProblemCode> = {
  400: 'malformed',
  401: 'unauthenticated',
  404: 'not_found',
  408: 'too_slow',
  413: 'too_large',
  415: 'unsupported_media_type',
};
