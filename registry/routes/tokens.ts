import { IdParams, List } from '../schemas/common.ts';
import { CreatedToken, NewToken, Token } from '../schemas/people.ts';
import type { PeopleDeps } from '../services/deps.ts';
import * as tokens from '../services/people/tokens.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

export function tokenRoutes(app: RegistryServer, deps: PeopleDeps): void {
  const tags = ['tokens'];

  app.get(
    '/api/tokens',
    {
      schema: {
        operationId: 'listTokens',
        tags,
        summary: 'List your tokens, without their secrets',
        response: { 200: List(Token), ...problemAnswers },
      },
    },
    async (request) => await tokens.listTokens(deps, request.caller),
  );

  app.post(
    '/api/tokens',
    {
      schema: {
        operationId: 'createToken',
        tags,
        summary:
          'Create a token, which works in the Authorization header and as a password for git',
        body: NewToken,
        response: { 201: CreatedToken, ...problemAnswers },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return await tokens.createToken(deps, request.caller, request.body);
    },
  );

  app.delete(
    '/api/tokens/:id',
    {
      schema: {
        operationId: 'deleteToken',
        tags,
        summary: 'Delete one of your tokens. The token stops working at once',
        params: IdParams,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (request, reply) => {
      await tokens.removeToken(deps, request.caller, request.params.id);
      reply.code(204);
      return null;
    },
  );
}
