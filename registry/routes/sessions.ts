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
          'Answers with a session token for the Authorization header, and sets it as an HttpOnly cookie too. The session lasts eight hours and ends with a sign-out or a change of password. After ten wrong passwords in a row for one account, sign-ins to it from the same address answer 429 with Retry-After: for one minute, then for twice as long after each further wrong one, up to an hour. After a hundred failures from one address within fifteen minutes, for any accounts, one wrong password is enough.',
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
          'Ends the session in the Authorization header or the cookie, and deletes the cookie if a page of the registry asks. Other sessions and all tokens of the account stay valid.',
        security: [],
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (request, reply) => {
      for (const claims of sessionsPresented(app, request)) {
        await signOut(deps.store, request.ip, claims);
      }
      // A form on another site may post here too, and a browser would store the cookie of the answer.
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
        summary: 'Read your own account, with labs and roles',
        response: { 200: Me, ...problemAnswers },
      },
    },
    async (request) => await readOwn(deps, request.caller),
  );
}
