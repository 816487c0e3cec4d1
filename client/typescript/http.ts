/** The client's HTTP: JSON in both directions, and errors from problem documents. */
import type { ProblemDocument } from '../../registry/schemas/common.ts';

export interface ClientOptions {
  /** The registry's address, without a slash at the end. */
  url: string;
  /** A token, or the session token of `login`. None for anonymous readers, and for browsers, which use a cookie. */
  token?: string;
  /** Sends the requests. By default, the platform's `fetch`. */
  fetch?: typeof fetch;
}

export interface Page<T> {
  items: T[];
  /** Number of items on all pages. With `total_at_least`, there are more. */
  total: number;
  total_at_least?: true;
  page: number;
  per_page: number;
  /** `after` of the next page; missing on the last page. */
  next?: string;
}

/** The page of a list, from 1, and the number of items on it; or what follows the page that gave `next`. */
export interface PageQuery {
  page?: number;
  per_page?: number;
  after?: string;
}

export type Query<T> = Partial<T>;

/** The registry refused a request, or failed. */
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
  /** Fetches an answer other than JSON, in the media type `accept`. */
  raw(path: string, accept: string): Promise<Response>;
}

/** Every method rejects with `RegistryError` for an error status. */
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

/** The problem document of an answer, or one made from the status if a proxy answered. */
async function problemOf(response: Response): Promise<ProblemDocument> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    return (await response.json()) as ProblemDocument;
  }
  const { status, statusText } = response;
  const title = statusText || `HTTP ${status}`;
  const detail = `The answer was ${status} ${statusText}`.trimEnd();
  return { type: 'about:blank', title, status, code: 'unknown', detail: `${detail}.` };
}

/** The query string of the values that are defined, such as `?a=1&b=2`; empty if there are none. */
export function search(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))}`;
}
