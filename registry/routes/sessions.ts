import { SESSION_COOKIE, startSession } from '../plugins/authentication.ts';
import { Credentials, Me, Session } from '../schemas/people.ts';
import { signIn } from '../services/identify.ts';
import type { PeopleRooms } from '../services/note.ts';
import { readOwn } from '../services/own-account.ts';
import { showUser } from '../services/users.ts';
import { type Door, NoContent, problemAnswers } from './door.ts';

export function sessionRoutes(app: Door, rooms: PeopleRooms): void {
  app.post(
    '/api/auth/login',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'signIn',
        tags: ['sessions'],
        summary: 'Sign in',
        description:
          'Answers with a session token for the Authorization header and sets the same as an HttpOnly cookie. It lasts eight hours and ends with a change of password.',
        security: [],
        body: Credentials,
        response: { 200: Session, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { username, password } = request.body;
      const user = await signIn(rooms.store, username, password);
      return { token: startSession(app as never, reply, user), user: showUser(user) };
    },
  );

  app.post(
    '/api/auth/logout',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'signOut',
        tags: ['sessions'],
        summary: 'Sign out: the cookie is taken back',
        security: [],
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (_request, reply) => {
      reply.clearCookie(SESSION_COOKIE, app.sessionCookie).code(204);
      return null;
    },
  );

  app.get(
    '/api/auth/me',
    {
      schema: {
        operationId: 'readOwnAccount',
        tags: ['sessions'],
        summary: 'Who the caller is, with labs and roles',
        response: { 200: Me, ...problemAnswers },
      },
    },
    async (request) => await readOwn(rooms, request.caller),
  );
}
