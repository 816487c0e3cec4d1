/**
 * One line in the log for each answer: what was requested, by whom, the outcome, and why it failed. Answers from memory
 * (git-memory.ts, sync-memory.ts) have none: they are too many, and the metrics count them.
 */
import { randomBytes } from 'node:crypto';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Problem } from '../errors.ts';
import { withoutSecrets } from '../logging.ts';
import { auditFieldsOf, type Caller } from '../services/caller.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined until the caller is identified, and on routes that answer everybody alike. */
    caller: Caller;
    /** What the answer reports, if it reports a problem. */
    problem: Problem | undefined;
  }
}

/** The header of answers with the id of the request; its lines in the log have the same id (`request_id`). */
export const REQUEST_ID = 'x-request-id';

/** Short enough to be read to somebody, and never used twice. */
export const newRequestId = (): string => randomBytes(8).toString('hex');

/** Routes that machines ask every few seconds. Their lines have the level `debug`. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics']);

export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'request_id' });
  }

  /** The line of the answer says everything. */
  override incomingRequest(): void {}

  /** `error` is set if the connection was lost while the answer was being sent. */
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

  /** The line of the answer says it. */
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
