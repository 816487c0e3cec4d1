/** Types and helpers that all route files share. */
import type { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Type } from '../schemas/build.ts';
import { ProblemDocument } from '../schemas/common.ts';

export type RegistryServer = FastifyInstance<
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

/** Bytes. Handlers send a `Uint8Array`; the API document says `binary`. */
export const Bytes = Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' });

/** A response that the handler sends as a value or as a stream of its text. */
export const Streamed = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T> | Readable>(schema);

export const NoContent = Type.Null({ description: 'Done' });
