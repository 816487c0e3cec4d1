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
          'Lists all keys, including old ones, and the period in which each key signed tags. With `Accept: text/plain`, the answer has no pages and is a file for git. Set gpg.ssh.allowedSignersFile to the path of the file, and `git tag -v` can verify every version.',
        security: [],
        querystring: Type.Object(NumberedPageQuery),
        response: {
          200: {
            description: 'Keys',
            content: {
              'application/json': { schema: List(SigningKey) },
              'text/plain': { schema: Type.String({ description: 'Each line contains one key' }) },
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
