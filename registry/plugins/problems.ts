/** Sends every error as an RFC 9457 problem document. Unexpected errors are logged and answered with 500. */
import { once } from 'node:events';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RepositoryError } from '../../repos/errors.ts';
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

/** Handles errors of handlers and errors before a route is found (for example a path that cannot be decoded). */
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

/** The problem for the caller. Details that the caller does not get are logged. */
export function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  const problem = asProblem(error);
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  if (problem.code === 'unavailable') request.log.warn({ reason }, 'not available');
  else if (problem.code === 'sign_in_refused') request.log.info({ reason }, 'sign-in refused');
  else if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
  return problem;
}

/** How much of a body that is too large is read, so that its sender sees the answer; in bytes. */
const MOST_TAKEN = 64 * 1024 * 1024;

/**
 * If the connection is closed while a client is still sending, it sees a broken pipe and not the problem. So the rest
 * is read first, up to a limit; node:http limits the time.
 */
async function takeRest({ headers, raw }: FastifyRequest): Promise<void> {
  if (!(Number(headers['content-length']) <= MOST_TAKEN)) return;
  raw.resume();
  if (!raw.readableEnded) await Promise.race([once(raw, 'end'), once(raw, 'close')]);
}

export function answer(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="registry"');
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem.toJSON());
}

function asProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error;
  if (error.validation) {
    return invalidInput(error.validation, error.validationContext ?? 'body', { cause: error });
  }
  if (error instanceof RepositoryError && error.code === 'ref_conflict') {
    return new Problem('conflict', 'It has changed in the meantime. Try again.', undefined, {
      cause: error,
    });
  }
  if (error instanceof RepositoryError && error.code === 'locked') {
    return new Problem(
      'unavailable',
      'Another program has locked the repository. The log names the lock file. Try again in a moment.',
      undefined,
      { cause: error },
    );
  }
  if (error instanceof RepositoryError && error.code === 'too_large') {
    return new Problem('too_large', `Too much for one version: ${error.message}.`, undefined, {
      cause: error,
    });
  }
  if (error instanceof StoreError && error.code === 'invalid_cursor') {
    const message = 'must be `next` of an answer to the same list in the same order';
    return new Problem('invalid', `after ${message}`, [{ path: 'after', message }], {
      cause: error,
    });
  }
  if (error instanceof StoreError && error.code === 'invalid_value') {
    return new Problem(
      'invalid',
      'A value cannot be stored: text must be valid Unicode without NUL (U+0000).',
      undefined,
      { cause: error },
    );
  }
  if (error instanceof StoreError && MET.has(error.code)) {
    return new Problem(
      'conflict',
      'Somebody else changed or deleted a part of it at the same moment. Read it again and repeat your change.',
      undefined,
      { cause: error },
    );
  }
  if (error instanceof StoreError && error.code === 'database_unavailable') {
    return new Problem('unavailable', 'The database cannot be reached. Try again in a moment.');
  }
  const code = BY_STATUS[error.statusCode ?? 500];
  if (code) return new Problem(code, error.message, undefined, { cause: error });
  if (error.statusCode && error.statusCode < 500) {
    return new Problem('malformed', error.message, undefined, { cause: error });
  }
  return new Problem(
    'internal',
    'The registry failed. Tell a site admin the time of this answer: the log has the reason.',
    undefined,
    { cause: error },
  );
}

/** Database errors of two conflicting requests that no service has translated. */
const MET = new Set<StoreErrorCode>(['foreign_key_violation', 'serialization_failure']);

/** Errors of Fastify itself (body too large, wrong media type, …). */
const BY_STATUS: Record<number, ProblemCode> = {
  400: 'malformed',
  401: 'unauthenticated',
  404: 'not_found',
  408: 'too_slow',
  413: 'too_large',
  415: 'unsupported_media_type',
};
