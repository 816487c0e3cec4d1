/** The HTTP layer of the client, which sends and receives JSON and turns problem documents into errors. */
import type { ProblemDocument } from '../../registry/schemas/common.ts';

export interface ClientOptions {
  /** The registry's address, without a slash at the end. */
  url: string;
  /**
   * An API token or the session token of `login`. Anonymous readers need no token, and browsers use a cookie instead.
   */
  token?: string;
  /** The function that sends requests. By default, the platform's `fetch`. */
  fetch?: typeof fetch;
}

export interface Page<T> {
  items: T[];
  /** The number of items on all pages. If `total_at_least` is set, there are more items than `total`. */
  total: number;
  total_at_least?: true;
  page: number;
  per_page: number;
  /** The value of `after` for the next page, missing on the last page. */
  next?: string;
}

/**
 * Which page to read: `page` counts from 1 and has `per_page` items. `after` is the value of `next` on the previous
 * page.
 */
export interface PageQuery {
  page?: number;
  per_page?: number;
  after?: string;
}

export type Query<T> = Partial<T>;

/** The error of a request that the registry refused or failed to answer. */
export class RegistryError extends Error {
  readonly status: number;
  readonly problem: ProblemDocument;
  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.name = 'RegistryError';
    this.status = problem.status;
    this.problem = problem;
  }
}

export interface Http {
  json<T>(method: string, path: string, body?: object): Promise<T>;
  nothing(method: string, path: string, body?: object): Promise<void>;
  /** Fetches an answer that is not JSON, in the media type `accept`. */
  raw(path: string, accept: string): Promise<Response>;
}

/** Creates the HTTP layer. Every method rejects with `RegistryError` for an error status. */
export function createHttp({ url, token, fetch = globalThis.fetch }: ClientOptions): Http {
  async function send(method: string, path: string, body?: object, accept = 'application/json') {
    const response = await fetch(url + path, {
      method,
      headers: {
        accept,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new RegistryError(await problemOf(response));
    return response;
  }
  return {
    json: async <T>(method: string, path: string, body?: object) =>
      (await (await send(method, path, body)).json()) as T,
    nothing: async (method, path, body) =>
      void (await (await send(method, path, body)).arrayBuffer()),
    raw: (path, accept) => send('GET', path, undefined, accept),
  };
}

/** The problem document of an answer. If a proxy answered without a problem document, one is made from the status. */
async function problemOf(response: Response): Promise<ProblemDocument> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    return (await response.json()) as ProblemDocument;
  }
  const { status, statusText } = response;
  const title = statusText || `HTTP ${status}`;
  const detail = `The answer was ${status} ${statusText}`.trimEnd();
  return { type: 'about:blank', title, status, code: 'unknown', detail: `${detail}.` };
}

/** The query string of all defined values, such as `?a=1&b=2`, or '' if no value is defined. */
export function search(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))}`;
}
