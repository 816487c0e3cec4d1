import type { Readable } from 'node:stream';
import { visible } from '../../text/hidden.ts';

/** What to send back over HTTP. A stream is to be destroyed where the client goes away. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Readable | Buffer | string;
}

type RefusalStatus = 400 | 408 | 413 | 415;

/** A request that HTTP itself can turn down; git shows a plain text body as `remote:` lines. */
export class RequestRefused extends Error {
  readonly code = 'request_refused';
  readonly status: RefusalStatus;
  constructor(status: RefusalStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestRefused';
    this.status = status;
  }
}

/** Nothing of the git protocol may be kept by caches on the way, as git's http-backend has it. */
const NO_CACHE = {
  expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
  pragma: 'no-cache',
  'cache-control': 'no-cache, max-age=0, must-revalidate',
};

/** An answer in the git protocol; `kind` as in `application/x-git-upload-pack-result`. */
export function gitAnswer(kind: string, body: Readable | Buffer): Answer {
  const headers = { 'content-type': `application/x-${kind}`, ...NO_CACHE };
  return { status: 200, headers, body };
}

export function refusal({ status, message }: RequestRefused): Answer {
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...NO_CACHE };
  return { status, headers, body: `${visible(message)}\n` };
}
