import { Type } from '../schemas/build.ts';
import { List, NumberedPageQuery } from '../schemas/common.ts';
import { SigningKey } from '../schemas/signing-keys.ts';
import { allowedSigners, listSigningKeys } from '../services/signing/signing-keys.ts';
import type { SigningKeys } from '../signing/keys.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

export function signingKeyRoutes(app: RegistryServer, deps: { signingKeys: SigningKeys }): void {
  app.get(
    '/api/signing-keys',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'listSigningKeys',
        tags: ['versions'],
        summary: 'List the public keys that sign versions, newest first',
        description:
          'Lists all keys, old ones included, with the period in which each signed tags. With `Accept: text/plain`, the answer is a file for git, without pages: name it in gpg.ssh.allowedSignersFile, and `git tag -v` verifies any version.',
        security: [],
        querystring: Type.Object(NumberedPageQuery),
        response: {
          200: {
            description: 'Keys',
            content: {
              'application/json': { schema: List(SigningKey) },
              'text/plain': { schema: Type.String({ description: 'A key a line' }) },
            },
          },
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      reply.header('vary', 'accept');
      if (/\btext\/plain\b/.test(request.headers.accept ?? '')) {
        const text = await allowedSigners(deps.signingKeys);
        return reply.type('text/plain; charset=utf-8').send(text);
      }
      return await listSigningKeys(deps, request.query);
    },
  );
}
