import { IdParams, List } from '../schemas/common.ts';
import { Binding, BindingChange, BindingQuery, NewBinding } from '../schemas/equipment.ts';
import type { PeopleDeps } from '../services/deps.ts';
import * as bindings from '../services/equipment/bindings.ts';
import { MOST_OF_A_BINDING } from './instruments.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

const collection = '/api/computer-bindings';

export function bindingRoutes(app: RegistryServer, deps: PeopleDeps): void {
  const tags = ['computers'];

  app.get(
    collection,
    {
      schema: {
        operationId: 'listBindings',
        tags,
        summary: 'List the bindings of instruments to computers. A computer sees its own bindings',
        querystring: BindingQuery,
        response: { 200: List(Binding), ...problemAnswers },
      },
    },
    async ({ caller, query }) => await bindings.listBindings(deps, caller, query),
  );

  app.post(
    collection,
    {
      bodyLimit: MOST_OF_A_BINDING,
      schema: {
        operationId: 'createBinding',
        tags,
        summary: 'Bind an instrument to a computer (lab admins and the computer itself)',
        body: NewBinding,
        response: { 201: Binding, ...problemAnswers },
      },
    },
    async ({ caller, body }, reply) => {
      const made = await bindings.createBinding(deps, caller, body);
      reply.code(201).header('location', `${collection}/${made.id}`);
      return made;
    },
  );

  app.get(
    `${collection}/:id`,
    {
      schema: {
        operationId: 'readBinding',
        tags,
        summary: 'Read a binding',
        params: IdParams,
        response: { 200: Binding, ...problemAnswers },
      },
    },
    async ({ caller, params }) => await bindings.readBinding(deps, caller, params.id),
  );

  app.put(
    `${collection}/:id`,
    {
      bodyLimit: MOST_OF_A_BINDING,
      schema: {
        operationId: 'changeBinding',
        tags,
        summary: 'Change the given fields of a binding (lab admins and the computer itself)',
        params: IdParams,
        body: BindingChange,
        response: { 200: Binding, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) => await bindings.changeBinding(deps, caller, params.id, body),
  );

  app.delete(
    `${collection}/:id`,
    {
      schema: {
        operationId: 'removeBinding',
        tags,
        summary: 'Remove a binding (lab admins and the computer itself)',
        params: IdParams,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async ({ caller, params }, reply) => {
      await bindings.removeBinding(deps, caller, params.id);
      reply.code(204);
      return null;
    },
  );
}
