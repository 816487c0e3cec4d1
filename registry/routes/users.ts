import { Type } from '../schemas/build.ts';
import { IdParams, List } from '../schemas/common.ts';
import { FoundUser, NewUser, User, UserChange, UserQuery } from '../schemas/people.ts';
import type { PeopleDeps } from '../services/deps.ts';
import type { SessionDeps } from '../services/people/sessions.ts';
import * as users from '../services/people/users.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

export function userRoutes(app: RegistryServer, deps: PeopleDeps & SessionDeps): void {
  const tags = ['users'];

  app.get(
    '/api/users',
    {
      schema: {
        operationId: 'listUsers',
        tags,
        summary:
          'List all accounts (site admins), or find an account by its username (also lab admins)',
        description:
          'With `username`, a lab admin gets the id, username and name of the account, to add it as a member of a lab.',
        querystring: UserQuery,
        response: { 200: List(Type.Union([User, FoundUser])), ...problemAnswers },
      },
    },
    async (request) => await users.findUsers(deps, request.caller, request.query),
  );

  app.post(
    '/api/users',
    {
      schema: {
        operationId: 'createUser',
        tags,
        summary: 'Create an account (site admins)',
        body: NewUser,
        response: { 201: User, ...problemAnswers },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return await users.createUser(deps, request.caller, request.body);
    },
  );

  app.get(
    '/api/users/:id',
    {
      schema: {
        operationId: 'readUser',
        tags,
        summary: 'Read your own account. A site admin may read every account',
        params: IdParams,
        response: { 200: User, ...problemAnswers },
      },
    },
    async (request) => await users.readUser(deps, request.caller, request.params.id),
  );

  app.put(
    '/api/users/:id',
    {
      schema: {
        operationId: 'changeUser',
        tags,
        summary:
          'Change the given fields of an account. A new password ends all sessions of the account',
        description:
          'To change your own password in a browser, with a session cookie, send `current_password` too. With a token it is optional. A wrong `current_password` counts as a failed sign-in. A site admin does not need it to set the password of another account.',
        params: IdParams,
        body: UserChange,
        response: { 200: User, ...problemAnswers },
      },
    },
    async (request) =>
      await users.changeAccount(deps, request.caller, request.params.id, request.body, {
        // Programs send their token or session in a header. A browser sends its cookie, no matter who sits in front of it.
        inBrowser: request.headers.authorization === undefined,
      }),
  );

  app.delete(
    '/api/users/:id',
    {
      schema: {
        operationId: 'removeUser',
        tags,
        summary:
          'Delete an account. The registry only disables the account, so that histories still show the name',
        params: IdParams,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (request, reply) => {
      await users.removeUser(deps, request.caller, request.params.id);
      reply.code(204);
      return null;
    },
  );
}
