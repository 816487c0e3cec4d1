import { Type } from '../schemas/build.ts';
import { clientPackage } from '../services/client-package.ts';
import { Bytes, problemAnswers, type RegistryServer } from './shared.ts';

export function clientPackageRoutes(app: RegistryServer, deps: { version: string }): void {
  const read = clientPackage(deps.version);
  app.get(
    '/client/:file',
    {
      schema: {
        operationId: 'downloadClientPackage',
        tags: ['computers'],
        summary: 'Download the Python package for lab computers, as a source archive for pip',
        description:
          'The package has the version of the registry. No credentials are needed. To install it: `pip install <registry>/client/pybirch_registry-<version>.zip`.',
        security: [],
        params: Type.Object({ file: Type.String() }),
        response: {
          200: {
            description: 'The archive',
            content: {
              'application/zip': { schema: Bytes },
            },
          },
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const archive = await read(request.params.file);
      reply.header('content-disposition', `attachment; filename="${request.params.file}"`);
      return reply.type('application/zip').send(Buffer.from(archive));
    },
  );
}
