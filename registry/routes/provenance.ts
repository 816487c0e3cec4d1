import { Provenance, ProvenanceParams } from '../schemas/provenance.ts';
import { provenanceOf } from '../services/definitions/provenance.ts';
import type { ReadDeps } from '../services/definitions/read-definitions.ts';
import { type Door, problemAnswers } from './door.ts';

export function provenanceRoutes(app: Door, deps: ReadDeps): void {
  app.get(
    '/api/provenance/:hash',
    {
      schema: {
        operationId: 'readProvenance',
        tags: ['versions'],
        summary: 'The version that a commit or the SHA-256 of a file belongs to, and its review',
        description:
          'What an instance knows of itself (`instrument._definition`) has both. Of several versions with the same file the one that brought it; `others` has the rest. Digits that begin several hashes give 409 with each of them.',
        params: ProvenanceParams,
        response: { 200: Provenance, ...problemAnswers },
      },
    },
    async ({ caller, params }) => await provenanceOf(deps, caller, params.hash),
  );
}
