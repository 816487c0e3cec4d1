import { IdParams } from '../schemas/common.ts';
import { ValidateRequest, ValidationResult } from '../schemas/definitions.ts';
import { type ValidateDeps, validateSource } from '../services/definitions/validate-source.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

export function validateRoutes(app: RegistryServer, deps: ValidateDeps): void {
  const schema = {
    tags: ['definitions'],
    description:
      'The registry parses the code and never runs it. Columns are counted in Unicode code points, from 1.',
    body: ValidateRequest,
    response: { 200: ValidationResult, ...problemAnswers },
  };

  app.post(
    '/api/instrument-definitions/validate',
    { schema: { ...schema, operationId: 'validateSource', summary: 'Validate a source text' } },
    async (request) => await validateSource(deps, request.caller, request.body),
  );

  app.post(
    '/api/instrument-definitions/:id/validate',
    {
      schema: {
        ...schema,
        operationId: 'validateDefinition',
        summary:
          'Validate a source text as part of a definition, with the policy of the lab that owns the definition',
        params: IdParams,
      },
    },
    async (request) => await validateSource(deps, request.caller, request.body, request.params.id),
  );
}
