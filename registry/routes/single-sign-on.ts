/** Single sign-on for browsers: sends them to the provider, and starts a session when they come back. */
import type { FastifyReply } from 'fastify';
import { notFound } from '../errors.ts';
import { startSession } from '../plugins/authentication.ts';
import { answerBrowser } from '../plugins/error-page.ts';
import { cookieName } from '../plugins/session-cookie.ts';
import { Type } from '../schemas/build.ts';
import { AuthMethods, SignOnAddress, SignOnAnswer, SignOnStart } from '../schemas/sign-in.ts';
import type { PeopleDeps } from '../services/deps.ts';
import { type Link, linkOf } from '../services/people/single-sign-on/account.ts';
import {
  ATTEMPT_SECONDS,
  createSignOn,
  type SignOnDeps,
} from '../services/people/single-sign-on/sign-in.ts';
import type { SingleSignOn } from '../single-sign-on.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

const START = '/api/auth/oidc/start';
const LINK = '/api/auth/oidc/link';
const CALLBACK = '/api/auth/oidc/callback';

export function singleSignOnRoutes(
  app: RegistryServer,
  deps: PeopleDeps & SignOnDeps,
  settings: SingleSignOn | null,
): void {
  const tags = ['sessions'];
  const signOn = settings && createSignOn(deps, settings, CALLBACK);
  const secure = deps.publicUrl().startsWith('https:');
  const attempt = cookieName('registry_sign_in', secure);
  // `lax`, because the browser comes back from another site and must send the cookie then.
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax' as const, secure };
  const Redirect = Type.Null({ description: 'A redirect to the address in the Location header' });

  /** Sets the cookie of a sign-in attempt and returns the address to redirect to. */
  async function begin(
    reply: FastifyReply,
    returnTo = new URL(deps.publicUrl()).pathname,
    link?: () => Promise<Link>,
  ): Promise<string> {
    if (!signOn) throw notFound('single sign-on');
    const { address, kept } = await signOn.begin(returnTo, await link?.());
    reply.setCookie(attempt, kept, { ...cookie, maxAge: ATTEMPT_SECONDS });
    return address;
  }

  app.get(
    '/api/auth/methods',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'readAuthMethods',
        tags,
        summary: 'List the ways to sign in',
        security: [],
        response: { 200: AuthMethods, ...problemAnswers },
      },
    },
    async () => ({
      password: true,
      single_sign_on: settings && {
        issuer: settings.issuer.href,
        start: deps.publicUrl() + START,
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
          'Sets a cookie for this attempt to sign in, and redirects the browser to the provider. The cookie is valid for ten minutes. If the registry has no single sign-on, the answer is 404.',
        security: [],
        querystring: SignOnStart,
        response: { 303: Redirect, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { return_to } = request.query;
      return go(reply, await begin(reply, return_to));
    },
  );

  app.post(
    LINK,
    {
      schema: {
        operationId: 'linkSingleSignOn',
        tags,
        summary: 'Link your account to the OpenID provider',
        description:
          'Pages of the registry use this operation. The answer sets a cookie for this attempt and contains the address of the provider. The page then opens the address of the provider. If your session has not ended when the browser comes back, the registry links your account at the provider to your account here.',
        body: SignOnStart,
        response: { 200: SignOnAddress, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { return_to } = request.body;
      return { address: await begin(reply, return_to, () => linkOf(deps, request.caller)) };
    },
  );

  app.get(
    CALLBACK,
    {
      config: { forAnybody: true, openQuery: true },
      errorHandler: answerBrowser,
      schema: {
        operationId: 'finishSingleSignOn',
        tags,
        summary: 'Complete a sign-in. The OpenID provider sends the browser to this address',
        description:
          'Creates an account at the first sign-in. Updates the roles of the account from the groups that the provider sends. Sets the session cookie and redirects the browser.',
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
      if (warnings.length > 0)
        request.log.warn({ warnings }, 'some groups could not be turned into roles');
      reply.clearCookie(attempt, cookie);
      startSession(app, reply, user);
      return go(reply, returnTo);
    },
  );
}

/** Redirects the browser. Nobody may cache the answer. */
const go = (reply: FastifyReply, address: string) =>
  reply.header('cache-control', 'no-store').redirect(address, 303);
