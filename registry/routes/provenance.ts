import { Provenance, ProvenanceParams } from '../schemas/provenance.ts';
import { provenanceOf } from '../services/definitions/provenance.ts';
import type { ReadDeps } from '../services/definitions/read-definitions.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

export function provenanceRoutes(app: RegistryServer, deps: ReadDeps): void {
  app.get(
    '/api/provenance/:hash',
    {
      schema: {
        operationId: 'readProvenance',
        tags: ['versions'],
        summary:
          'Find a version, and its review, by its commit or by the SHA-256 of one of its files',
        description:
          'In a Python program, `instrument._definition` has both hashes. If several versions have the same file, the answer is the first of them, and `others` lists the rest. If several hashes begin with the given digits, the answer is 409 with all of them.',
        params: ProvenanceParams,
        response: { 200: Provenance, ...problemAnswers },
      },
    },
    async ({ caller, params }) => await provenanceOf(deps, caller, params.hash),
  );
}
