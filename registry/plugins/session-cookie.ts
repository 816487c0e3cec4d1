/**
 * Sets and reads the session cookie. A browser also sends the cookie with requests from pages of other sites. So a
 * request with the cookie may change something only if it shows that it comes from a page of the registry
 * (docs/decisions/0010).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';

/** How long a session lasts, in seconds. */
export const SESSION_SECONDS = 8 * 3600;

export interface SessionCookie {
  /** Returns the cookie of a request. The request may come from a page of another site. */
  presented(request: FastifyRequest): string | undefined;
  /**
   * Throws `cross_origin` if the request changes something and does not show that it comes from a page of the registry.
   */
  demandOwnPage(request: FastifyRequest): void;
  isFromOwnPage(request: FastifyRequest): boolean;
  set(reply: FastifyReply, token: string): void;
  clear(reply: FastifyReply): void;
}

/** @param publicUrl the address that people open, which differs from the address in the request behind a proxy */
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

/** Adds a prefix with which other hosts of the same domain cannot overwrite the cookie (RFC 6265bis, 4.1.3.2). */
export const cookieName = (name: string, secure: boolean): string =>
  secure ? `__Host-${name}` : name;

export const sessionCookieName = (publicUrl: string): string =>
  cookieName('registry_session', publicUrl.startsWith('https:'));

const NOT_OURS =
  'Only pages of the registry may change something with the session cookie. Programs must send a token: "Authorization: Bearer …". If a page of the registry sent this request, a proxy hides the address of the page. Set PUBLIC_URL to the address that people open.';

/**
 * Whether a request comes from a page of the registry. The header `Sec-Fetch-Site` decides (Fetch Metadata). Old
 * browsers do not send this header, and no browser sends it over plain http. Without `Sec-Fetch-Site`, the header
 * `Origin` decides, which every browser sends with methods other than GET and HEAD (Fetch, section 3.1). A request
 * without both headers does not come from a browser.
 */
export function fromOwnPage(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin !== undefined && origins.includes(headers.origin);
}
