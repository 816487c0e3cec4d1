import { Type } from '../schemas/build.ts';
import { List, PageQuery } from '../schemas/common.ts';
import {
  Binding,
  Computer,
  ComputerChange,
  ComputerParams,
  ComputerQuery,
  ComputerRef,
  Enrolled,
  Enrolment,
  EnrolmentCode,
  FoundBinding,
  NewComputer,
  NewEnrolmentCode,
  NewInstrumentHere,
} from '../schemas/equipment.ts';
import type { ReadDeps } from '../services/definitions/read-definitions.ts';
import { bindNew, findBindings } from '../services/equipment/computer-bindings.ts';
import * as computers from '../services/equipment/computers.ts';
import { createCode, type EnrolmentDeps, enrol } from '../services/equipment/enrolment.ts';
import { MOST_OF_A_BINDING } from './instruments.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

const collection = '/api/computers';
const tags = ['computers'];

export function computerRoutes(app: RegistryServer, deps: ReadDeps & EnrolmentDeps): void {
  enrolmentRoutes(app, deps);

  app.get(
    collection,
    {
      schema: {
        operationId: 'listComputers',
        tags,
        summary: 'List the computers of your labs. A computer sees only itself',
        querystring: ComputerQuery,
        response: { 200: List(Computer), ...problemAnswers },
      },
    },
    async ({ caller, query }) => await computers.listComputers(deps, caller, query),
  );

  app.post(
    collection,
    {
      schema: {
        operationId: 'createComputer',
        tags,
        summary: 'Create a computer that will be enrolled later (lab admins)',
        body: NewComputer,
        response: { 201: Computer, ...problemAnswers },
      },
    },
    async ({ caller, body }, reply) => {
      const made = await computers.createComputer(deps, caller, body);
      reply.code(201).header('location', `${collection}/${made.id}`);
      return made;
    },
  );

  app.get(
    `${collection}/:id_or_name`,
    {
      schema: {
        operationId: 'readComputer',
        tags,
        summary: 'Read a computer',
        params: ComputerRef,
        response: { 200: Computer, ...problemAnswers },
      },
    },
    async ({ caller, params }) => await computers.readComputer(deps, caller, params.id_or_name),
  );

  app.put(
    `${collection}/:id_or_name`,
    {
      schema: {
        operationId: 'changeComputer',
        tags,
        summary: 'Change the given fields of a computer (lab admins)',
        description:
          'The name cannot change. Only an admin of both labs can move a computer to another lab, and only if it has no bindings. Only an enrolled computer can become a bench computer. When it stops being one, its test results stay but no longer count.',
        params: ComputerRef,
        body: ComputerChange,
        response: { 200: Computer, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) =>
      await computers.changeComputer(deps, caller, params.id_or_name, body),
  );

  app.delete(
    `${collection}/:id_or_name`,
    {
      schema: {
        operationId: 'removeComputer',
        tags,
        summary:
          'Delete a computer and its bindings (lab admins). The token of the computer stops working at once',
        params: ComputerRef,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async ({ caller, params }, reply) => {
      await computers.removeComputer(deps, caller, params.id_or_name);
      reply.code(204);
      return null;
    },
  );

  app.get(
    `${collection}/:computer_name/bindings`,
    {
      schema: {
        operationId: 'findBindings',
        tags,
        summary: 'List the bindings of a computer, with their instruments and definitions',
        description:
          'Each definition is shown at the version that the instrument uses: the pinned version, or the newest version that is not revoked.',
        params: ComputerParams,
        querystring: Type.Object(PageQuery),
        response: { 200: List(FoundBinding), ...problemAnswers },
      },
    },
    async ({ caller, params, query }) =>
      await findBindings(deps, caller, params.computer_name, query),
  );

  app.post(
    `${collection}/:computer_name/bindings`,
    {
      bodyLimit: MOST_OF_A_BINDING,
      schema: {
        operationId: 'bindNewInstrument',
        tags,
        summary:
          'Bind an instrument that the registry does not know yet (lab admins and the computer itself)',
        description:
          'Creates the instrument in the lab of the computer. If the computer has already sent the same `key`, no instrument is created. Instead, the earlier binding is changed, and the answer is 200.',
        params: ComputerParams,
        body: NewInstrumentHere,
        response: { 200: Binding, 201: Binding, ...problemAnswers },
      },
    },
    async ({ caller, params, body }, reply) => {
      const { binding, created } = await bindNew(deps, caller, params.computer_name, body);
      reply.code(created ? 201 : 200);
      return binding;
    },
  );
}

function enrolmentRoutes(app: RegistryServer, deps: ReadDeps & EnrolmentDeps): void {
  app.post(
    `${collection}/enrolment-codes`,
    {
      schema: {
        operationId: 'createEnrolmentCode',
        tags,
        summary: 'Create a code that enrols one computer in a lab (lab admins)',
        description: 'The code can be used once, within one day.',
        body: NewEnrolmentCode,
        response: { 201: EnrolmentCode, ...problemAnswers },
      },
    },
    async ({ caller, body }, reply) => {
      reply.code(201);
      return await createCode(deps, caller, body.lab_id);
    },
  );

  app.post(
    `${collection}/enrol`,
    {
      config: { forAnybody: true },
      schema: {
        operationId: 'enrol',
        tags,
        summary: 'Exchange an enrolment code for the token of a computer',
        description:
          'If the lab already has a computer with this name, the computer gets a new token, and its old token stops working. If a computer of another lab has this name, the answer is 409, and the code stays valid. After twenty wrong codes from one address, the answer is 429 with Retry-After.',
        security: [],
        body: Enrolment,
        response: { 201: Enrolled, ...problemAnswers },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return await enrol(deps, request.ip, request.body);
    },
  );
}
