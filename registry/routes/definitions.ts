import { IdParams, List } from '../schemas/common.ts';
import {
  Definition,
  DefinitionChange,
  DefinitionFacets,
  DefinitionQuery,
  DefinitionSummary,
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
import { facets, list, type ReadDeps, read } from '../services/definitions/read-definitions.ts';
import { rollback } from '../services/definitions/rollback.ts';
import type { SaveDeps } from '../services/deps.ts';
import type { Proposed } from '../services/review/propose.ts';
import { type Door, NoContent, problemAnswers } from './door.ts';

export function definitionRoutes(app: Door, deps: ReadDeps & SaveDeps): void {
  const tags = ['definitions'];

  app.get(
    '/api/instrument-definitions',
    {
      schema: {
        operationId: 'listDefinitions',
        tags,
        summary: 'Definitions that you may see, without source and files',
        querystring: DefinitionQuery,
        response: { 200: List(DefinitionSummary), ...problemAnswers },
      },
    },
    async (request) => await list(deps, request.caller, request.query),
  );

  app.get(
    '/api/instrument-definitions/facets',
    {
      schema: {
        operationId: 'countDefinitionFacets',
        tags,
        summary: 'How many definitions have which category, maker, status, …',
        description:
          'Among those that the filters leave, the most frequent value first. A filter does not count for its own facet, so that the other values to choose from are there.',
        querystring: FacetQuery,
        response: { 200: DefinitionFacets, ...problemAnswers },
      },
    },
    async (request) => await facets(deps, request.caller, request.query),
  );

  app.post(
    '/api/instrument-definitions',
    {
      schema: {
        operationId: 'createDefinition',
        tags,
        summary: 'Make a definition',
        description:
          'What the source does not state is written into its header; fields given here override the header. Where it must be reviewed, the answer has `is_approved: false` and the merge request. `override` lets a lab admin land where the policy forbids it.',
        body: NewDefinition,
        response: { 201: SavedDefinition, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const made = await createDefinition(deps, request.caller, request.body);
      const { id } = made.definition.definition;
      reply.code(201).header('location', `/api/instrument-definitions/${id}`);
      return saved(await read(deps, request.caller, id), made.mergeRequest);
    },
  );

  app.get(
    '/api/instrument-definitions/by-name/:name',
    {
      schema: {
        operationId: 'readDefinitionByName',
        tags,
        summary: 'One definition by its class name, in any case',
        params: NameParams,
        querystring: VersionQuery,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) => await read(deps, request.caller, request.params.name, request.query.version),
  );

  app.get(
    '/api/instrument-definitions/:id',
    {
      schema: {
        operationId: 'readDefinition',
        tags,
        summary: 'One definition, at its newest version or an older one',
        params: IdParams,
        querystring: VersionQuery,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) => await read(deps, request.caller, request.params.id, request.query.version),
  );

  app.put(
    '/api/instrument-definitions/:id',
    {
      schema: {
        operationId: 'changeDefinition',
        tags,
        summary: 'Change the fields given; a change of files makes a new version',
        description:
          '`files` merges (null deletes a file). A source without a header keeps the old header. `expected_version` guards against lost updates. A change of files that must be reviewed answers 202 with the merge request: the one that you have open for this definition, on top of which the change is laid, or a new one; `is_public` and `lab_id` change at once. `override` lets a lab admin land where the policy forbids it.',
        params: IdParams,
        body: DefinitionChange,
        response: { 200: Definition, 202: SavedDefinition, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      const proposed = await changeDefinition(deps, caller, params.id, body);
      if (proposed) reply.code(202);
      return saved(await read(deps, caller, params.id), proposed);
    },
  );

  app.delete(
    '/api/instrument-definitions/:id',
    {
      schema: {
        operationId: 'archiveDefinition',
        tags,
        summary: 'Archive: it leaves the lists, its repository and history stay',
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
        summary: 'Take an archived definition back',
        params: IdParams,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) => {
      await setArchived(deps, request.caller, request.params.id, false);
      return await read(deps, request.caller, request.params.id);
    },
  );

  app.post(
    '/api/instrument-definitions/:id/rollback',
    {
      schema: {
        operationId: 'rollBackDefinition',
        tags,
        summary: 'Make a new version that equals an older one (lab admins)',
        description:
          'Where the policy lets nobody land directly, 202 with the merge request that proposes it; `override` lands it all the same.',
        params: IdParams,
        body: RollbackRequest,
        response: { 200: Definition, 202: SavedDefinition, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      const proposed = await rollback(deps, caller, params.id, body);
      if (proposed) reply.code(202);
      return saved(await read(deps, caller, params.id), proposed);
    },
  );
}

const saved = <T>(definition: T, merge_request: Proposed | undefined) => ({
  ...definition,
  ...(merge_request && { merge_request }),
});
