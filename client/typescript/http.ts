/** How the client speaks HTTP: JSON there and back, problem documents as errors. */
import type { ProblemDocument } from '../../registry/schemas/common.ts';

export interface ClientOptions {
  /** Where the registry is, without a slash at the end. */
  url: string;
  /** A token, or the session token of `login`; none for an anonymous reader or a browser's cookie. */
  token?: string;
  /** Sends the requests; the platform's own unless given. */
  fetch?: typeof fetch;
}

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  per_page: number;
}

/** Which page of a list: from 1, and how many items it has. */
export interface PageQuery {
  page?: number;
  per_page?: number;
}

export type Query<T> = Partial<T>;

/** What the registry answered when it did not do what was asked. */
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
  /** What is not JSON, as the media type that is asked for. */
  raw(path: string, accept: string): Promise<Response>;
}

/** Every method rejects with `RegistryError` for a problem document. */
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
    json: async (method, path, body) => (await send(method, path, body)).json() as never,
    nothing: async (method, path, body) =>
      void (await (await send(method, path, body)).arrayBuffer()),
    raw: (path, accept) => send('GET', path, undefined, accept),
  };
}

/** A proxy in between answers in its own words: then the status is all that is known. */
async function problemOf(response: Response): Promise<ProblemDocument> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    return (await response.json()) as ProblemDocument;
  }
  const { status, statusText } = response;
  const title = statusText || `HTTP ${status}`;
  const detail = `The answer was ${status} ${statusText}`.trimEnd();
  return { type: 'about:blank', title, status, code: 'unknown', detail: `${detail}.` };
}

/** `?a=1&b=2` of what is given. */
export function search(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))}`;
}
