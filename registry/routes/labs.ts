import { Type } from '../schemas/build.ts';
import { IdParams, List, PageQuery } from '../schemas/common.ts';
import {
  Lab,
  LabChange,
  Member,
  MemberChange,
  MemberParams,
  NewLab,
  NewMember,
} from '../schemas/people.ts';
import type { PeopleDeps } from '../services/deps.ts';
import * as labs from '../services/people/labs.ts';
import * as members from '../services/people/members.ts';
import { NoContent, problemAnswers, type RegistryServer } from './shared.ts';

export function labRoutes(app: RegistryServer, deps: PeopleDeps): void {
  const tags = ['labs'];
  const querystring = Type.Object(PageQuery);

  app.get(
    '/api/labs',
    {
      schema: {
        operationId: 'listLabs',
        tags,
        summary: 'List your labs. Site admins see all labs',
        querystring,
        response: { 200: List(Lab), ...problemAnswers },
      },
    },
    async (request) => await labs.listLabs(deps, request.caller, request.query),
  );

  app.post(
    '/api/labs',
    {
      schema: {
        operationId: 'createLab',
        tags,
        summary: 'Create a lab (site admins)',
        body: NewLab,
        response: { 201: Lab, ...problemAnswers },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return await labs.createLab(deps, request.caller, request.body);
    },
  );

  app.get(
    '/api/labs/:id',
    {
      schema: {
        operationId: 'readLab',
        tags,
        summary: 'Read a lab and its policy',
        params: IdParams,
        response: { 200: Lab, ...problemAnswers },
      },
    },
    async (request) => await labs.readLab(deps, request.caller, request.params.id),
  );

  app.put(
    '/api/labs/:id',
    {
      schema: {
        operationId: 'changeLab',
        tags,
        summary: 'Change the given fields of a lab (lab admins)',
        params: IdParams,
        body: LabChange,
        response: { 200: Lab, ...problemAnswers },
      },
    },
    async (request) => await labs.changeLab(deps, request.caller, request.params.id, request.body),
  );

  app.delete(
    '/api/labs/:id',
    {
      schema: {
        operationId: 'removeLab',
        tags,
        summary: 'Delete a lab that has no definitions, instruments or computers (site admins)',
        params: IdParams,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (request, reply) => {
      await labs.removeLab(deps, request.caller, request.params.id);
      reply.code(204);
      return null;
    },
  );

  app.get(
    '/api/labs/:id/members',
    {
      schema: {
        operationId: 'listMembers',
        tags,
        summary: 'List the members of a lab',
        params: IdParams,
        querystring,
        response: { 200: List(Member), ...problemAnswers },
      },
    },
    async (request) =>
      await members.listMembers(deps, request.caller, request.params.id, request.query),
  );

  app.post(
    '/api/labs/:id/members',
    {
      schema: {
        operationId: 'addMember',
        tags,
        summary: 'Add a member (lab admins)',
        description:
          'Identify the account by `username`, `email` or `user_id`. If you may not see the account, the answer is the same as for an account that does not exist.',
        params: IdParams,
        body: NewMember,
        response: { 201: Member, ...problemAnswers },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return await members.addMember(deps, request.caller, request.params.id, request.body);
    },
  );

  app.put(
    '/api/labs/:id/members/:user_id',
    {
      schema: {
        operationId: 'changeMember',
        tags,
        summary: 'Change the role of a member (lab admins)',
        params: MemberParams,
        body: MemberChange,
        response: { 200: Member, ...problemAnswers },
      },
    },
    async (request) => {
      const { id, user_id } = request.params;
      const { role } = request.body;
      return await members.changeMember(deps, request.caller, id, { user_id, role });
    },
  );

  app.delete(
    '/api/labs/:id/members/:user_id',
    {
      schema: {
        operationId: 'removeMember',
        tags,
        summary: 'Remove a member from the lab (lab admins)',
        params: MemberParams,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { id, user_id } = request.params;
      await members.removeMember(deps, request.caller, id, user_id);
      reply.code(204);
      return null;
    },
  );
}
