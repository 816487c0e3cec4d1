/**
 * Sets `request.caller` from a Bearer token or the session cookie. Without a token and a cookie, the caller is nobody.
 * Only the routes of the Fastify plugin that calls this function get a caller.
 */
import { randomUUID } from 'node:crypto';
import fastifyCookie from '@fastify/cookie';
import fastifyJwt from '@fastify/jwt';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';
import type { AccessCache } from '../services/access-cache/access-cache.ts';
import {
  type Identity,
  identifySession,
  identifyToken,
  looksLikeToken,
  type SessionClaims,
} from '../services/people/identify.ts';
import type { Throttle } from '../services/people/throttle.ts';
import type { Store } from '../store/open.ts';
import { SESSION_SECONDS, type SessionCookie, sessionCookie } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyInstance {
    sessionCookie: SessionCookie;
  }
  interface FastifyContextConfig {
    /** The route gives every caller the same answer, so it ignores credentials. */
    forAnybody?: boolean;
  }
}
declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: SessionClaims;
    user: SessionClaims;
  }
}

export interface AuthenticationOptions {
  store: Store;
  access: AccessCache;
  jwtSecret: string;
  publicUrl: () => string;
  throttle: Throttle;
}

export async function authentication(
  app: FastifyInstance,
  { store, access, jwtSecret, publicUrl, throttle }: AuthenticationOptions,
): Promise<void> {
  await app.register(fastifyCookie);
  await app.register(fastifyJwt, {
    secret: jwtSecret,
    sign: { algorithm: 'HS256', expiresIn: SESSION_SECONDS },
    verify: { algorithms: ['HS256'], requiredClaims: ['exp'] },
  });
  app.decorate('sessionCookie', sessionCookie(publicUrl));
  app.addHook('onRequest', async (request, reply) => {
    const identity = request.routeOptions.config.forAnybody
      ? NOBODY
      : ((await byBearer(app, access, throttle, request)) ??
        (await byCookie(app, access, request, reply)));
    request.caller = { ...identity, address: request.ip };
  });
  app.decorate('identifyAgain', async (request: FastifyRequest) => {
    const bearer = bearerOf(request);
    if (bearer !== undefined && looksLikeToken(bearer)) return await identifyToken(store, bearer);
    const session = bearer ?? app.sessionCookie.presented(request);
    const claims = session === undefined ? null : claimsOf(app, session);
    return claims && (await identifySession(store, claims));
  });
}

const NOBODY: Identity = { actor: { kind: 'nobody' }, tokenName: null, expires: null };

/**
 * Identifies the caller by the `Authorization` header. Returns undefined if there is no such header, and throws
 * `unauthenticated` if its token or session is not valid.
 */
async function byBearer(
  app: FastifyInstance,
  access: AccessCache,
  throttle: Throttle,
  request: FastifyRequest,
): Promise<Identity | undefined> {
  const presented = bearerOf(request);
  if (presented === undefined) return undefined;
  const identity = looksLikeToken(presented)
    ? await access.token(presented)
    : await bySession(app, access, presented);
  if (identity) return identity;
  // Only wrong tokens count as failed attempts. An expired session is normal: an open page continues to send it.
  if (looksLikeToken(presented)) throttle.badToken(request.ip);
  throw new Problem(
    'unauthenticated',
    'The token or session is not valid. Sign in again, or create a new token.',
  );
}

/**
 * Identifies the caller by the session cookie, which a browser sends with every request. If the session has ended, the
 * caller is nobody, and the answer deletes the cookie.
 */
async function byCookie(
  app: FastifyInstance,
  access: AccessCache,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Identity> {
  const { sessionCookie } = app;
  const cookie = sessionCookie.presented(request);
  if (cookie !== undefined) sessionCookie.demandOwnPage(request);
  const identity = cookie === undefined ? null : await bySession(app, access, cookie);
  if (cookie !== undefined && !identity) sessionCookie.clear(reply);
  demandSameUser(request, identity);
  return identity ?? NOBODY;
}

/**
 * Refuses a request of a page that was loaded for another user. The page sends the id of its user in `X-Session-User`.
 * If the session has ended, or another user has signed in meanwhile, the page must not continue with the rights of
 * somebody else.
 */
function demandSameUser({ headers }: FastifyRequest, identity: Identity | null): void {
  const expected = headers['x-session-user'];
  if (expected === undefined) return;
  const actor = identity?.actor;
  if (actor?.kind === 'user' && String(actor.id) === expected) return;
  throw new Problem('unauthenticated', 'Your session has ended. Sign in again to continue.');
}

async function bySession(
  app: FastifyInstance,
  access: AccessCache,
  token: string,
): Promise<Identity | null> {
  const claims = claimsOf(app, token);
  return claims && (await access.session(claims));
}

function claimsOf(app: FastifyInstance, token: string): VerifiedClaims | null {
  try {
    return app.jwt.verify<VerifiedClaims>(token);
  } catch {
    // fast-jwt throws if the text is not a token, or if the token is forged or expired.
    return null;
  }
}
type VerifiedClaims = SessionClaims & { exp: number };

/**
 * Returns the sessions in the header and the cookie of a request, including ended ones. Ignores texts that are not sessions.
 * Throws `cross_origin` if only the cookie has a session and the request does not come from a page of the registry.
 */
export function sessionsPresented(app: FastifyInstance, request: FastifyRequest): VerifiedClaims[] {
  const [, bearer] = BEARER.exec(request.headers.authorization ?? '') ?? [];
  const cookie = app.sessionCookie.presented(request);
  if (cookie !== undefined && bearer === undefined) app.sessionCookie.demandOwnPage(request);
  const ours = app.sessionCookie.isFromOwnPage(request) ? cookie : undefined;
  return [bearer, ours].flatMap(
    (token) => (token === undefined ? null : claimsOf(app, token)) ?? [],
  );
}

const BEARER = /^Bearer +(\S+) *$/i;

/** Returns the token in the `Authorization` header, if there is one. Throws `unauthenticated` for a scheme but Bearer. */
export function bearerOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const match = BEARER.exec(header);
  if (!match) throw new Problem('unauthenticated', 'Send "Authorization: Bearer <token>".');
  return match[1];
}

/** Creates a session for a user who has just signed in. Sets the cookie of the session and returns its token. */
export function startSession(
  app: FastifyInstance,
  reply: FastifyReply,
  user: { id: number; session_epoch: number },
): string {
  const token = app.jwt.sign({
    sub: String(user.id),
    epoch: user.session_epoch,
    jti: randomUUID(),
  });
  app.sessionCookie.set(reply, token);
  return token;
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Identifies the caller again, while a long answer is being sent. Returns null if the token or session is no longer
     * valid.
     */
    identifyAgain(request: FastifyRequest): Promise<Identity | null>;
  }
}
