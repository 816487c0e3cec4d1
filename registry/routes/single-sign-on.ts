/** Single sign-on for browsers: off to the provider, and back with a session. */
import type { FastifyReply } from 'fastify';
import { notFound } from '../errors.ts';
import { startSession } from '../plugins/authentication.ts';
import { answerBrowser } from '../plugins/error-page.ts';
import { cookieName } from '../plugins/session-cookie.ts';
import { Type } from '../schemas/build.ts';
import { AuthMethods, SignOnAnswer, SignOnStart } from '../schemas/sign-in.ts';
import type { PeopleRooms } from '../services/note.ts';
import { linkOf } from '../services/single-sign-on/account.ts';
import {
  ATTEMPT_SECONDS,
  createSignOn,
  type SignOnRooms,
} from '../services/single-sign-on/sign-in.ts';
import type { SingleSignOn } from '../single-sign-on.ts';
import { type Door, problemAnswers } from './door.ts';

const START = '/api/auth/oidc/start';
const CALLBACK = '/api/auth/oidc/callback';

export function singleSignOnRoutes(
  app: Door,
  rooms: PeopleRooms & SignOnRooms,
  settings: SingleSignOn | null,
): void {
  const tags = ['sessions'];
  const signOn = settings && createSignOn(rooms, settings, CALLBACK);
  const secure = rooms.publicUrl().startsWith('https:');
  const attempt = cookieName('registry_sign_in', secure);
  // Lax: the browser comes back from another site, by a link.
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax' as const, secure };
  const Redirect = Type.Null({ description: 'Where to go next, in the Location header' });

  app.get(
    '/api/auth/methods',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'readAuthMethods',
        tags,
        summary: 'How one can sign in here',
        security: [],
        response: { 200: AuthMethods, ...problemAnswers },
      },
    },
    async () => ({
      password: true,
      single_sign_on: settings && {
        issuer: settings.issuer.href,
        start: rooms.publicUrl() + START,
      },
    }),
  );

  app.get(
    START,
    {
      errorHandler: answerBrowser,
      schema: {
        operationId: 'startSingleSignOn',
        tags,
        summary: 'Send the browser to the OpenID provider',
        description:
          'For browsers: sets a cookie for the attempt, good for ten minutes, and redirects. 404 where single sign-on is not set up.',
        security: [],
        querystring: SignOnStart,
        response: { 303: Redirect, ...problemAnswers },
      },
    },
    async (request, reply) => {
      if (!signOn) throw notFound('single sign-on');
      const { return_to = new URL(rooms.publicUrl()).pathname, link } = request.query;
      const { address, kept } = await signOn.begin(
        return_to,
        link ? await linkOf(rooms, request.caller) : undefined,
      );
      reply.setCookie(attempt, kept, { ...cookie, maxAge: ATTEMPT_SECONDS });
      return go(reply, address);
    },
  );

  app.get(
    CALLBACK,
    {
      config: { forAnybody: true },
      errorHandler: answerBrowser,
      schema: {
        operationId: 'finishSingleSignOn',
        tags,
        summary: 'Where the OpenID provider sends the browser back',
        description:
          'Makes the account at the first sign-in, brings its roles up to the groups that the provider names, sets the session cookie and redirects.',
        security: [],
        querystring: SignOnAnswer,
        response: { 303: Redirect, ...problemAnswers },
      },
    },
    async (request, reply) => {
      if (!signOn) throw notFound('single sign-on');
      const answer = new URLSearchParams(request.url.split('?')[1]);
      const kept = request.cookies[attempt];
      const { user, warnings, returnTo } = await signOn.finish(request.ip, answer, kept);
      if (warnings.length > 0) request.log.warn({ warnings }, 'groups could not give all roles');
      reply.clearCookie(attempt, cookie);
      startSession(app as never, reply, user);
      return go(reply, returnTo);
    },
  );
}

const go = (reply: FastifyReply, address: string) =>
  reply.header('cache-control', 'no-store').redirect(address, 303);
