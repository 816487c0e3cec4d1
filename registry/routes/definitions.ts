import { IdParams, List } from '../schemas/common.ts';
import {
  Definition,
  DefinitionChange,
  DefinitionQuery,
  DefinitionSummary,
  NameParams,
  NewDefinition,
  RollbackRequest,
  VersionQuery,
} from '../schemas/definitions.ts';
import { setArchived } from '../services/archive.ts';
import { changeDefinition } from '../services/change-definition.ts';
import { createDefinition } from '../services/create-definition.ts';
import { list, type ReadRooms, read } from '../services/read-definitions.ts';
import { rollback } from '../services/rollback.ts';
import type { SaveRooms } from '../services/rooms.ts';
import { type Door, NoContent, problemAnswers } from './door.ts';

export function definitionRoutes(app: Door, rooms: ReadRooms & SaveRooms): void {
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
    async (request) => await list(rooms, request.caller, request.query),
  );

  app.post(
    '/api/instrument-definitions',
    {
      schema: {
        operationId: 'createDefinition',
        tags,
        summary: 'Make a definition',
        description:
          'What the source does not state is written into its header; fields given here override the header.',
        body: NewDefinition,
        response: { 201: Definition, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { definition } = await createDefinition(rooms, request.caller, request.body);
      reply.code(201).header('location', `/api/instrument-definitions/${definition.id}`);
      return await read(rooms, request.caller, definition.id);
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
    async (request) =>
      await read(rooms, request.caller, request.params.name, request.query.version),
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
    async (request) => await read(rooms, request.caller, request.params.id, request.query.version),
  );

  app.put(
    '/api/instrument-definitions/:id',
    {
      schema: {
        operationId: 'changeDefinition',
        tags,
        summary: 'Change the fields given; a change of files makes a new version',
        description:
          '`files` merges (null deletes a file). A source without a header keeps the old header. `expected_version` guards against lost updates.',
        params: IdParams,
        body: DefinitionChange,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) => {
      await changeDefinition(rooms, request.caller, request.params.id, request.body);
      return await read(rooms, request.caller, request.params.id);
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
      await setArchived(rooms, request.caller, request.params.id, true);
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
      await setArchived(rooms, request.caller, request.params.id, false);
      return await read(rooms, request.caller, request.params.id);
    },
  );

  app.post(
    '/api/instrument-definitions/:id/rollback',
    {
      schema: {
        operationId: 'rollBackDefinition',
        tags,
        summary: 'Make a new version that equals an older one',
        params: IdParams,
        body: RollbackRequest,
        response: { 200: Definition, ...problemAnswers },
      },
    },
    async (request) => {
      await rollback(rooms, request.caller, request.params.id, request.body);
      return await read(rooms, request.caller, request.params.id);
    },
  );
}
