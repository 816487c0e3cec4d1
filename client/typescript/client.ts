/** A typed client of the HTTP API: one method a call, types from the service's own schemas. */

import type { AuditEvent, AuditQuery } from '../../registry/schemas/audit.ts';
import type { ProblemDocument } from '../../registry/schemas/common.ts';
import type {
  Definition,
  DefinitionChange,
  DefinitionQuery,
  DefinitionSummary,
  DiffDocument,
  NewDefinition,
  ValidationResult,
  VersionDetail,
  VersionSummary,
} from '../../registry/schemas/definitions.ts';
import type {
  CreatedToken,
  Lab,
  LabChange,
  Me,
  Member,
  NewLab,
  NewToken,
  NewUser,
  Role,
  Session,
  Token,
  User,
  UserChange,
} from '../../registry/schemas/people.ts';

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  per_page: number;
}

type Query<T> = Partial<T>;

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

export interface ClientOptions {
  /** Where the registry is, without a slash at the end. */
  url: string;
  /** A token, or the session token of `login`; none for an anonymous reader or a browser's cookie. */
  token?: string;
}

/** Methods reject with `RegistryError` for every problem document. */
export function createClient({ url, token }: ClientOptions) {
  const definitions = '/api/instrument-definitions';

  async function send(method: string, path: string, body?: unknown, accept = 'application/json') {
    const response = await fetch(url + path, {
      method,
      headers: {
        accept,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new RegistryError((await response.json()) as ProblemDocument);
    return response;
  }

  async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await (await send(method, path, body)).json()) as T;
  }
  async function nothing(method: string, path: string, body?: unknown): Promise<void> {
    await (await send(method, path, body)).arrayBuffer();
  }

  return {
    login: (username: string, password: string) =>
      json<Session>('POST', '/api/auth/login', { username, password }),
    me: () => json<Me>('GET', '/api/auth/me'),

    definitions: {
      list: (query: Query<DefinitionQuery> = {}) =>
        json<Page<DefinitionSummary>>('GET', definitions + search(query)),
      create: (body: NewDefinition) => json<Definition>('POST', definitions, body),
      read: (id: number, version?: number) =>
        json<Definition>('GET', `${definitions}/${id}${search({ version })}`),
      byName: (name: string, version?: number) =>
        json<Definition>(
          'GET',
          `${definitions}/by-name/${encodeURIComponent(name)}${search({ version })}`,
        ),
      change: (id: number, body: DefinitionChange) =>
        json<Definition>('PUT', `${definitions}/${id}`, body),
      archive: (id: number) => nothing('DELETE', `${definitions}/${id}`),
      restore: (id: number) => json<Definition>('POST', `${definitions}/${id}/restore`),
      rollback: (id: number, version: number, reason: string) =>
        json<Definition>('POST', `${definitions}/${id}/rollback`, { version, reason }),
      validate: (source_code: string, name?: string, id?: number) =>
        json<ValidationResult>(
          'POST',
          id === undefined ? `${definitions}/validate` : `${definitions}/${id}/validate`,
          { source_code, ...(name !== undefined && { name }) },
        ),
      versions: (id: number) => json<Page<VersionSummary>>('GET', `${definitions}/${id}/versions`),
      deprecate: (id: number, n: number, reason: string) =>
        json<VersionSummary>('POST', `${definitions}/${id}/versions/${n}/deprecate`, { reason }),
      revoke: (id: number, n: number, reason: string) =>
        json<VersionSummary>('POST', `${definitions}/${id}/versions/${n}/revoke`, { reason }),
      reinstate: (id: number, n: number, reason: string) =>
        json<VersionSummary>('POST', `${definitions}/${id}/versions/${n}/reinstate`, { reason }),
      version: (id: number, n: number) =>
        json<VersionDetail>('GET', `${definitions}/${id}/versions/${n}`),
      diff: (id: number, from: number, to: number) =>
        json<DiffDocument>('GET', `${definitions}/${id}/diff${search({ from, to })}`),
      source: async (id: number, version?: number) =>
        new Uint8Array(
          await (
            await send('GET', `${definitions}/${id}/source${search({ version })}`, undefined, '*/*')
          ).arrayBuffer(),
        ),
    },
    users: {
      list: () => json<Page<User>>('GET', '/api/users'),
      create: (body: NewUser) => json<User>('POST', '/api/users', body),
      read: (id: number) => json<User>('GET', `/api/users/${id}`),
      change: (id: number, body: UserChange) => json<User>('PUT', `/api/users/${id}`, body),
      remove: (id: number) => nothing('DELETE', `/api/users/${id}`),
    },
    labs: {
      list: () => json<Page<Lab>>('GET', '/api/labs'),
      create: (body: NewLab) => json<Lab>('POST', '/api/labs', body),
      read: (id: number) => json<Lab>('GET', `/api/labs/${id}`),
      change: (id: number, body: LabChange) => json<Lab>('PUT', `/api/labs/${id}`, body),
      remove: (id: number) => nothing('DELETE', `/api/labs/${id}`),
      members: (id: number) => json<Page<Member>>('GET', `/api/labs/${id}/members`),
      addMember: (id: number, user_id: number, role: Role) =>
        json<Member>('POST', `/api/labs/${id}/members`, { user_id, role }),
      changeMember: (id: number, user_id: number, role: Role) =>
        json<Member>('PUT', `/api/labs/${id}/members/${user_id}`, { role }),
      removeMember: (id: number, user_id: number) =>
        nothing('DELETE', `/api/labs/${id}/members/${user_id}`),
    },
    tokens: {
      list: () => json<Page<Token>>('GET', '/api/tokens'),
      create: (body: NewToken) => json<CreatedToken>('POST', '/api/tokens', body),
      remove: (id: number) => nothing('DELETE', `/api/tokens/${id}`),
    },
    audit: (query: Query<AuditQuery> = {}) =>
      json<Page<AuditEvent>>('GET', `/api/audit${search(query)}`),
  };
}

export type RegistryClient = ReturnType<typeof createClient>;

function search(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))}`;
}
