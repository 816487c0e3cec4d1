/** Types and helpers for all route files. */
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

/** The problem documents that every route may answer with. */
export const problemAnswers = {
  '4xx': {
    description: 'A problem document, which says what is wrong and what to do next',
    content: { 'application/problem+json': { schema: ProblemDocument } },
  },
};

/** The schema of bytes. Handlers send a `Uint8Array`. In the OpenAPI document the format is `binary`. */
export const Bytes = Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' });

/** The schema of an answer that a handler sends either as a value or as a stream of its text. */
export const Streamed = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T> | Readable>(schema);

export const NoContent = Type.Null({ description: 'Done' });
