/**
 * The session cookie, and when it counts. A browser also sends it with requests from pages of other sites. So a request
 * that changes something must show that it comes from a page of the registry (docs/decisions/0010).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';

/** How long a session lasts, in seconds. */
export const SESSION_SECONDS = 8 * 3600;

export interface SessionCookie {
  /** The cookie of a request, whichever site's page caused it. */
  presented(request: FastifyRequest): string | undefined;
  /**
   * Throws `cross_origin` if the request changes something and does not show that it comes from a page of the registry.
   */
  demandOwnPage(request: FastifyRequest): void;
  isFromOwnPage(request: FastifyRequest): boolean;
  set(reply: FastifyReply, token: string): void;
  clear(reply: FastifyReply): void;
}

/** `publicUrl` is the address that people open. Behind a proxy it differs from the address in the request. */
export function sessionCookie(publicUrl: () => string): SessionCookie {
  const secure = publicUrl().startsWith('https:');
  const name = sessionCookieName(publicUrl());
  const options = {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
  } satisfies CookieSerializeOptions;
  const isFromOwnPage = (request: FastifyRequest) =>
    fromOwnPage(request.headers, [
      new URL(publicUrl()).origin,
      `${request.protocol}://${request.host}`,
    ]);
  return {
    presented: (request) => request.cookies[name],
    isFromOwnPage,
    demandOwnPage(request) {
      if (request.method === 'GET' || request.method === 'HEAD' || isFromOwnPage(request)) return;
      throw new Problem('cross_origin', NOT_OURS);
    },
    set: (reply, token) =>
      void reply.setCookie(name, token, { ...options, maxAge: SESSION_SECONDS }),
    clear: (reply) => void reply.clearCookie(name, options),
  };
}

/** The prefix keeps other hosts of the same domain from overwriting the cookie (RFC 6265bis, 4.1.3.2). */
export const cookieName = (name: string, secure: boolean): string =>
  secure ? `__Host-${name}` : name;

export const sessionCookieName = (publicUrl: string): string =>
  cookieName('registry_session', publicUrl.startsWith('https:'));

const NOT_OURS =
  'The session cookie permits changes only from pages of the registry. Programs send a token as "Authorization: Bearer …" instead. If you did use a page of the registry, a proxy hides its address: set PUBLIC_URL to the address that people open.';

/**
 * The browser's own statement about the page decides (Fetch Metadata). Old browsers do not send it, nor does any
 * browser over plain http; but every browser sends the origin with methods other than GET and HEAD (Fetch, section
 * 3.1). A request with neither does not come from a browser.
 */
export function fromOwnPage(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin !== undefined && origins.includes(headers.origin);
}
