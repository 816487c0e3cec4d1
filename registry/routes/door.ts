/** Types and helpers that all route files share. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { Type } from '../schemas/build.ts';
import { ProblemDocument } from '../schemas/common.ts';

export type Door = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Responses that any route may give. */
export const problemAnswers = {
  '4xx': {
    description: 'What is wrong and what to do next',
    content: { 'application/problem+json': { schema: ProblemDocument } },
  },
};

export const NoContent = Type.Null({ description: 'Done' });
