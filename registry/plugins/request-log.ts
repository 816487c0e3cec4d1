/**
 * Writes one line to the log for each answer: what was requested, by whom, the result, and why a request failed.
 * Answers from memory (git-memory.ts, sync-memory.ts) have no line, because they are too many. The metrics count them.
 */
import { randomBytes } from 'node:crypto';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Problem } from '../errors.ts';
import { withoutSecrets } from '../logging.ts';
import { auditFieldsOf, type Caller } from '../services/caller.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller. Undefined until the caller is identified, and on routes that give every caller the same answer. */
    caller: Caller;
    /** The problem that the answer reports, if there is one. */
    problem: Problem | undefined;
  }
}

/** The header with the id of a request. The lines of the request in the log have the same id (`request_id`). */
export const REQUEST_ID = 'x-request-id';

/** Makes an id that is short enough to be read to somebody, and that is never used twice. */
export const newRequestId = (): string => randomBytes(8).toString('hex');

/** Routes that programs request every few seconds. The log lines of these routes have the level `debug`. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics']);

export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'request_id' });
  }

  /** Writes nothing, because the line about the answer says everything. */
  override incomingRequest(): void {}

  /** @param error is set if the connection was lost while the answer was being sent */
  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { problem, method, url, ip } = request;
    const line = {
      method,
      url: withoutSecrets(url),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ...whoIs(request),
      address: ip,
      ...(problem && { code: problem.code, why: withoutSecrets(problem.message) }),
      ...(error && { err: error }),
    };
    request.log[levelOf(request, reply)](line, error ? 'answer not sent' : 'answered');
  }

  /** Writes nothing, because the line about the answer says that there is no such route. */
  override routeNotFound(): void {}
}

function whoIs({ caller }: Partial<Pick<FastifyRequest, 'caller'>>) {
  if (!caller) return {};
  const { actor, token_name } = auditFieldsOf(caller);
  return { who: actor, ...(token_name !== null && { token: token_name }) };
}

function levelOf({ routeOptions }: FastifyRequest, { statusCode }: FastifyReply) {
  if (statusCode >= 500) return statusCode === 503 ? 'warn' : 'error';
  return PROBES.has(routeOptions.url) ? 'debug' : 'info';
}
