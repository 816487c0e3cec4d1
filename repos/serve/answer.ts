import type { Readable } from 'node:stream';
import { visible } from '../../text/hidden.ts';

/** An HTTP response. If `body` is a stream, the caller must destroy it when the client disconnects. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Readable | Buffer | string;
}

type RefusalStatus = 400 | 408 | 413 | 415;

/** Thrown to refuse a request with an HTTP status. Git shows the plain text of such an answer as `remote:` lines. */
export class RequestRefused extends Error {
  readonly code = 'request_refused';
  readonly status: RefusalStatus;
  constructor(status: RefusalStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestRefused';
    this.status = status;
  }
}

/** Forbids proxies to cache answers in the git protocol. Git's http-backend sends the same headers. */
const NO_CACHE = {
  expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
  pragma: 'no-cache',
  'cache-control': 'no-cache, max-age=0, must-revalidate',
};

/** An answer in the git protocol. The `kind` completes the content type `application/x-<kind>`. */
export function gitAnswer(kind: string, body: Readable | Buffer): Answer {
  const headers = { 'content-type': `application/x-${kind}`, ...NO_CACHE };
  return { status: 200, headers, body };
}

export function refusal({ status, message }: RequestRefused): Answer {
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...NO_CACHE };
  return { status, headers, body: `${visible(message)}\n` };
}
