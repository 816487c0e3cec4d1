import { IdParams, List } from '../schemas/common.ts';
import {
  Binding,
  BindingChange,
  BindingParams,
  Instrument,
  InstrumentChange,
  InstrumentQuery,
  NewInstrument,
} from '../schemas/equipment.ts';
import type { PeopleDeps } from '../services/deps.ts';
import { putBinding } from '../services/equipment/bindings.ts';
import * as instruments from '../services/equipment/instruments.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

/** The most bytes of a binding in a request. People write the settings of an instrument, which are never this large. */
export const MOST_OF_A_BINDING = 1024 * 1024;

const collection = '/api/instruments';

export function instrumentRoutes(app: RegistryServer, deps: PeopleDeps): void {
  const tags = ['instruments'];

  app.get(
    collection,
    {
      schema: {
        operationId: 'listInstruments',
        tags,
        summary: 'List the instruments of your labs, with their bindings',
        querystring: InstrumentQuery,
        response: { 200: List(Instrument), ...problemAnswers },
      },
    },
    async ({ caller, query }) => await instruments.listInstruments(deps, caller, query),
  );

  app.post(
    collection,
    {
      schema: {
        operationId: 'createInstrument',
        tags,
        summary: 'Create an instrument (lab admins)',
        description:
          '`definition_id` is the definition that the instrument uses: one of the lab, a public one or a built-in one. With `pinned_version`, the instrument always uses this version. By default, class and type are those of the definition.',
        body: NewInstrument,
        response: { 201: Instrument, ...problemAnswers },
      },
    },
    async ({ caller, body }, reply) => {
      const made = await instruments.createInstrument(deps, caller, body);
      reply.code(201).header('location', `${collection}/${made.id}`);
      return made;
    },
  );

  app.get(
    `${collection}/:id`,
    {
      schema: {
        operationId: 'readInstrument',
        tags,
        summary: 'Read an instrument',
        params: IdParams,
        response: { 200: Instrument, ...problemAnswers },
      },
    },
    async ({ caller, params }) => await instruments.readInstrument(deps, caller, params.id),
  );

  app.put(
    `${collection}/:id`,
    {
      schema: {
        operationId: 'changeInstrument',
        tags,
        summary: 'Change the given fields of an instrument (lab admins)',
        description:
          'If the definition changes, `pinned_version` is reset, except if the request sets it. Only an admin of both labs can move an instrument to another lab, and only if it has no bindings.',
        params: IdParams,
        body: InstrumentChange,
        response: { 200: Instrument, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) =>
      await instruments.changeInstrument(deps, caller, params.id, body),
  );

  app.delete(
    `${collection}/:id`,
    {
      schema: {
        operationId: 'removeInstrument',
        tags,
        summary: 'Delete an instrument and its bindings (lab admins)',
        params: IdParams,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async ({ caller, params }, reply) => {
      await instruments.removeInstrument(deps, caller, params.id);
      reply.code(204);
      return null;
    },
  );

  app.put(
    `${collection}/:id/bindings/:computer_name`,
    {
      bodyLimit: MOST_OF_A_BINDING,
      schema: {
        operationId: 'bindInstrument',
        tags,
        summary:
          'Bind an instrument to a computer, or change the binding (lab admins and the computer itself)',
        description:
          'A lab admin may bind an instrument to a computer that is not enrolled yet. The first binding of an instrument is the primary one. If a request sets `is_primary` on another binding, that binding becomes the only primary one. `last_connected` changes only if the request contains it. A time in the future is replaced by the current time.',
        params: BindingParams,
        body: BindingChange,
        response: { 200: Binding, 201: Binding, ...problemAnswers },
      },
    },
    async ({ caller, params, body }, reply) => {
      const { binding, created } = await putBinding(deps, caller, params, body);
      reply.code(created ? 201 : 200);
      return binding;
    },
  );
}
