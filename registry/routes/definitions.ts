import { IdParams, List } from '../schemas/common.ts';
import {
  Definition,
  DefinitionChange,
  DefinitionFacets,
  DefinitionItem,
  DefinitionQuery,
  FacetQuery,
  NameParams,
  NewDefinition,
  RollbackRequest,
  SavedDefinition,
  VersionQuery,
} from '../schemas/definitions.ts';
import { setArchived } from '../services/definitions/archive.ts';
import { changeDefinition } from '../services/definitions/change-definition.ts';
import { createDefinition } from '../services/definitions/create-definition.ts';
import {
  countFacetsFor,
  listDefinitionsFor,
  type ReadDeps,
  readDefinition,
} from '../services/definitions/read-definitions.ts';
import { rollback } from '../services/definitions/rollback.ts';
import type { SaveDeps } from '../services/deps.ts';
import type { Proposed } from '../services/review/propose.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

export function definitionRoutes(app: RegistryServer, deps: ReadDeps & SaveDeps): void {
  const tags = ['definitions'];

  app.get(
    '/api/instrument-definitions',
    {
      schema: {
        operationId: 'listDefinitions',
        tags,
        summary: 'List the definitions that you may see, without their source and files',
        querystring: DefinitionQuery,
        response: { 200: List(DefinitionItem), ...problemAnswers },
      },
    },
    async (request) => await listDefinitionsFor(deps, request.caller, request.query),
  );

  app.get(
    '/api/instrument-definitions/facets',
    {
      schema: {
        operationId: 'countDefinitionFacets',
        tags,
        summary: 'Count the definitions by category, manufacturer, status, …',
        description:
          'Counts the definitions that match the filters, for each value of each facet. The most frequent value comes first. A facet ignores its own filter, so that you still see its other values.',
        querystring: FacetQuery,
        response: { 200: DefinitionFacets, ...problemAnswers },
      },
    },
    async (request) => await countFacetsFor(deps, request.caller, request.query),
  );

  app.post(
    '/api/instrument-definitions',
    {
      schema: {
        operationId: 'createDefinition',
        tags,
        summary: 'Create a definition',
        description:
          'The registry writes the fields of the body into the header of the source, where they replace the values that are already there. If the definition must be reviewed, the answer contains `is_approved: false` and the merge request. With `override`, a lab admin can land the definition although the policy forbids it.',
        body: NewDefinition,
        response: { 201: SavedDefinition, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const made = await createDefinition(deps, request.caller, request.body);
      const { id } = made.definition.definition;
      reply.code(201).header('location', `/api/instrument-definitions/${id}`);
      const version = made.mergeRequest ? undefined : 1;
      return answerSave(await readDefinition(deps, request.caller, id, version), made.mergeRequest);
    },
  );

  app.get(
    '/api/instrument-definitions/by-name/:name',
    {
      schema: {
        operationId: 'readDefinitionByName',
        tags,
        summary: 'Read a definition by its class name (case-insensitive)',
        params: NameParams,
        querystring: VersionQuery,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) =>
      await readDefinition(deps, request.caller, request.params.name, request.query.version),
  );

  app.get(
    '/api/instrument-definitions/:id',
    {
      schema: {
        operationId: 'readDefinition',
        tags,
        summary: 'Read a definition at its newest version, or at an older version',
        params: IdParams,
        querystring: VersionQuery,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) =>
      await readDefinition(deps, request.caller, request.params.id, request.query.version),
  );

  app.put(
    '/api/instrument-definitions/:id',
    {
      schema: {
        operationId: 'changeDefinition',
        tags,
        summary: 'Change the given fields of a definition. A change of files creates a new version',
        description:
          '`files` adds and replaces files. Null deletes a file, and all other files stay. If the new source has no header, it gets the old header. With `expected_version`, the change is refused if somebody has landed a newer version meanwhile. If a change of files must be reviewed, the answer is 202 with the merge request: your open merge request for this definition, to which the change is added, or a new one. `is_public` and `lab_id` change without a review. With `override`, a lab admin can land the change although the policy forbids it.',
        params: IdParams,
        body: DefinitionChange,
        response: { 200: Definition, 202: SavedDefinition, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      const { version, mergeRequest } = await changeDefinition(deps, caller, params.id, body);
      if (mergeRequest) reply.code(202);
      return answerSave(await readDefinition(deps, caller, params.id, version), mergeRequest);
    },
  );

  app.delete(
    '/api/instrument-definitions/:id',
    {
      schema: {
        operationId: 'archiveDefinition',
        tags,
        summary:
          'Archive a definition: lists no longer show it, but its repository and history remain',
        params: IdParams,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (request, reply) => {
      await setArchived(deps, request.caller, request.params.id, true);
      reply.code(204);
      return null;
    },
  );

  app.post(
    '/api/instrument-definitions/:id/restore',
    {
      schema: {
        operationId: 'restoreDefinition',
        tags,
        summary: 'Restore an archived definition',
        params: IdParams,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) => {
      await setArchived(deps, request.caller, request.params.id, false);
      return await readDefinition(deps, request.caller, request.params.id);
    },
  );

  app.post(
    '/api/instrument-definitions/:id/rollback',
    {
      schema: {
        operationId: 'rollBackDefinition',
        tags,
        summary: 'Create a new version that equals an older version (lab admins)',
        description:
          'If the policy does not permit direct landing, the answer is 202 with a merge request. With `override`, a lab admin can land the rollback nevertheless.',
        params: IdParams,
        body: RollbackRequest,
        response: { 200: Definition, 202: SavedDefinition, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      const { version, mergeRequest } = await rollback(deps, caller, params.id, body);
      if (mergeRequest) reply.code(202);
      return answerSave(await readDefinition(deps, caller, params.id, version), mergeRequest);
    },
  );
}

const answerSave = <T>(definition: T, merge_request: Proposed | undefined) => ({
  ...definition,
  ...(merge_request && { merge_request }),
});
