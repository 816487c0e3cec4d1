/**
 * The cookie of a session, and when it counts. A browser sends it unasked, whoever made the page: what changes
 * something must therefore show that a page of the registry itself asks for it (docs/decisions/0010).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';

/** How long a session lasts, in seconds. */
export const SESSION_SECONDS = 8 * 3600;

export interface SessionCookie {
  /** The cookie that a request comes with, whosever page made the browser send it. */
  presented(request: FastifyRequest): string | undefined;
  /** Throws `cross_origin` where the request changes something and no page of the registry is known to ask. */
  demandOwnPage(request: FastifyRequest): void;
  isFromOwnPage(request: FastifyRequest): boolean;
  set(reply: FastifyReply, token: string): void;
  clear(reply: FastifyReply): void;
}

/** `publicUrl`: what people open, which behind a proxy is not what the request says. */
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

/** The prefix keeps other hosts of the same domain from laying a cookie of theirs over ours (RFC 6265bis, 4.1.3.2). */
export const cookieName = (name: string, secure: boolean): string =>
  secure ? `__Host-${name}` : name;

export const sessionCookieName = (publicUrl: string): string =>
  cookieName('registry_session', publicUrl.startsWith('https:'));

const NOT_OURS =
  'The session cookie permits changes only from pages of the registry. Programs send a token as "Authorization: Bearer …" instead. If you did use a page of the registry, a proxy hides its address: set PUBLIC_URL to the address that people open.';

/**
 * What the browser itself says of the page (Fetch Metadata) decides; browsers do not send it over plain http, nor
 * did old ones at all, but every browser names the origin of what is not GET or HEAD (Fetch, section 3.1). A
 * request that says neither comes from no browser.
 */
export function fromOwnPage(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin !== undefined && origins.includes(headers.origin);
}
