/** A typed client of the HTTP API: a method for each call, with types from the service's own schemas. */
import type { AuditEvent, AuditQuery } from '../../registry/schemas/audit.ts';
import type { Me, Session } from '../../registry/schemas/people.ts';
import type { AuthMethods } from '../../registry/schemas/sign-in.ts';
import type { SigningKey } from '../../registry/schemas/signing-keys.ts';
import { definitionCalls } from './definitions.ts';
import { bindingCalls, computerCalls, instrumentCalls } from './equipment.ts';
import { fleetCalls, syncCalls } from './fleet.ts';
import {
  type ClientOptions,
  createHttp,
  type Page,
  type PageQuery,
  type Query,
  search,
} from './http.ts';
import { mergeRequestCalls } from './merge-requests.ts';
import { labCalls, tokenCalls, userCalls } from './people.ts';

export { type ClientOptions, type Page, RegistryError } from './http.ts';

/** Creates a client. The methods of a client reject with `RegistryError` for every problem document. */
export function createClient(options: ClientOptions) {
  const http = createHttp(options);
  const { json, nothing, raw } = http;
  return {
    login: (username: string, password: string) =>
      json<Session>('POST', '/api/auth/login', { username, password }),
    /** How users can sign in: with a password and, if the registry has a provider, with single sign-on. */
    authMethods: () => json<AuthMethods>('GET', '/api/auth/methods'),
    /** The address that a browser opens to link this account with the provider of single sign-on. */
    linkSingleSignOn: (return_to: string) =>
      json<{ address: string }>('POST', '/api/auth/oidc/link', { return_to }),
    logout: () => nothing('POST', '/api/auth/logout'),
    me: () => json<Me>('GET', '/api/auth/me'),
    definitions: definitionCalls(http),
    mergeRequests: mergeRequestCalls(http),
    users: userCalls(http),
    labs: labCalls(http),
    tokens: tokenCalls(http),
    instruments: instrumentCalls(http),
    computers: computerCalls(http),
    bindings: bindingCalls(http),
    sync: syncCalls(http),
    fleet: fleetCalls(http),
    signingKeys: (query: PageQuery = {}) =>
      json<Page<SigningKey>>('GET', `/api/signing-keys${search(query)}`),
    /** The registry's signing keys in the format of git's `gpg.ssh.allowedSignersFile`. */
    allowedSigners: async () => await (await raw('/api/signing-keys', 'text/plain')).text(),
    audit: (query: Query<AuditQuery> = {}) =>
      json<Page<AuditEvent>>('GET', `/api/audit${search(query)}`),
    /** All audit entries that match the filters, as JSON lines, oldest first. */
    exportAudit: async (query: Query<AuditQuery> = {}) =>
      await (await raw(`/api/audit${search(query)}`, 'application/x-ndjson')).text(),
  };
}

export type RegistryClient = ReturnType<typeof createClient>;
