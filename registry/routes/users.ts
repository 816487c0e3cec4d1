import { Type } from '../schemas/build.ts';
import { IdParams, List } from '../schemas/common.ts';
import { FoundUser, NewUser, User, UserChange, UserQuery } from '../schemas/people.ts';
import type { PeopleDeps } from '../services/deps.ts';
import type { SessionDeps } from '../services/people/sessions.ts';
import * as users from '../services/people/users.ts';
import { type Door, NoContent, problemAnswers } from './door.ts';

export function userRoutes(app: Door, deps: PeopleDeps & SessionDeps): void {
  const tags = ['users'];

  app.get(
    '/api/users',
    {
      schema: {
        operationId: 'listUsers',
        tags,
        summary: 'All accounts (site admins), or the one with a username (lab admins too)',
        description:
          'A lab admin who gives a `username` gets id, username and name of that account, to make it a member.',
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
        summary: 'Make an account (site admins)',
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
        summary: 'One account: your own, or any for site admins',
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
        summary: 'Change the fields given; a new password ends every session of the account',
        description:
          'In a browser (the session cookie) your own password is changed with `current_password` beside `password`; a program may leave it out. Wrong ones count as failed sign-ins. A site admin gives others a new one without.',
        params: IdParams,
        body: UserChange,
        response: { 200: User, ...problemAnswers },
      },
    },
    async (request) =>
      await users.changeAccount(deps, request.caller, request.params.id, request.body, {
        // Programs hold their token or session themselves; a browser sends its cookie for whoever sits there.
        inBrowser: request.headers.authorization === undefined,
      }),
  );

  app.delete(
    '/api/users/:id',
    {
      schema: {
        operationId: 'removeUser',
        tags,
        summary: 'End an account: it is disabled for good measure, and stays named on what it did',
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
