import { sessionsPresented, startSession } from '../plugins/authentication.ts';
import { Credentials, Me, Session } from '../schemas/people.ts';
import type { PeopleDeps } from '../services/deps.ts';
import { readOwn } from '../services/people/own-account.ts';
import { type SessionDeps, signIn, signOut } from '../services/people/sessions.ts';
import { showUser } from '../services/people/users.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

export function sessionRoutes(app: RegistryServer, deps: PeopleDeps & SessionDeps): void {
  app.post(
    '/api/auth/login',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'signIn',
        tags: ['sessions'],
        summary: 'Sign in',
        description:
          'The answer contains a session token for the Authorization header, and also sets it as an HttpOnly cookie. The session ends after eight hours, at a sign-out, or when the password changes. After ten wrong passwords in a row for one account, the answer to sign-ins from the same address is 429 with Retry-After. The wait is one minute at first and doubles with each further wrong password, up to an hour. After a hundred failed sign-ins from one address within fifteen minutes, one wrong password for an account is enough to cause a wait.',
        security: [],
        body: Credentials,
        response: { 200: Session, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const user = await signIn(deps, request.ip, request.body);
      return { token: startSession(app, reply, user), user: showUser(user) };
    },
  );

  app.post(
    '/api/auth/logout',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'signOut',
        tags: ['sessions'],
        summary: 'Sign out',
        description:
          'Ends the session in the Authorization header or the cookie. If the request comes from a page of the registry, the registry also deletes the cookie. Other sessions and all tokens of the account stay valid.',
        security: [],
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (request, reply) => {
      for (const claims of sessionsPresented(app, request)) {
        await signOut(deps.store, request.ip, claims);
      }
      // A form on another site can send this request too, and the browser would then delete the user's cookie.
      if (app.sessionCookie.isFromOwnPage(request)) app.sessionCookie.clear(reply);
      reply.code(204);
      return null;
    },
  );

  app.get(
    '/api/auth/me',
    {
      schema: {
        operationId: 'readOwnAccount',
        tags: ['sessions'],
        summary: 'Read your own account with your labs and roles',
        response: { 200: Me, ...problemAnswers },
      },
    },
    async (request) => await readOwn(deps, request.caller),
  );
}
