import { Type } from '../schemas/build.ts';
import { List, PageQuery } from '../schemas/common.ts';
import { SigningKey } from '../schemas/signing-keys.ts';
import { allowedSigners, listSigningKeys } from '../services/signing/signing-keys.ts';
import type { SigningKeys } from '../signing/keys.ts';
import { type Door, problemAnswers } from './door.ts';

export function signingKeyRoutes(app: Door, deps: { signingKeys: SigningKeys }): void {
  app.get(
    '/api/signing-keys',
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'listSigningKeys',
        tags: ['versions'],
        summary: 'Public keys that versions are signed with, newest first',
        description:
          'Every key there ever was, with the dates of tags that it may have signed. Where Accept asks for text/plain, the answer is a file for git: name it in gpg.ssh.allowedSignersFile, and git tag -v verifies any version; pages do not apply.',
        security: [],
        querystring: Type.Object(PageQuery),
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
        return reply.type('text/plain; charset=utf-8').send(text as never);
      }
      return await listSigningKeys(deps, request.query);
    },
  );
}
