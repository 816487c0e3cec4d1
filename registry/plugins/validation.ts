/**
 * Checks requests and writes answers by their schemas. Bodies are JSON and are taken literally (a number in
 * quotes is a string); queries and paths are text and are converted, and parameters that no schema names are
 * left out, so that none of them becomes a filter. A schema is compiled when it is first needed: all of them
 * together would take a good part of a start.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import fastJsonStringify from 'fast-json-stringify';
import type {
  FastifySchemaCompiler,
  FastifySerializerCompiler,
  FastifyServerOptions,
} from 'fastify';

const formats = { 'date-time': isTime };

/**
 * Given to Fastify when it is made: it would load and prepare compilers of its own first. Its types speak of
 * those, hence the cast.
 */
export const schemaController = {
  compilersFactory: { buildValidator: checkLater, buildSerializer: () => writeLater },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>;

function checkLater(): FastifySchemaCompiler<object> {
  // The schemas are ours: a test checks them, so that JSON Schema's own need not be compiled.
  const ours = { useDefaults: true, strict: false, meta: false, validateSchema: false, formats };
  const literal = new Ajv(ours);
  const converting = new Ajv({ ...ours, coerceTypes: true, removeAdditional: 'all' });
  return ({ schema, httpPart }) => {
    // Headers are for others as well: none is left out.
    const ajv = httpPart === 'body' || httpPart === 'headers' ? literal : converting;
    let validate: ValidateFunction | undefined;
    return (data: unknown) => {
      validate ??= ajv.compile(schema);
      return validate(data) || { error: validate.errors ?? [] };
    };
  };
}

const writeLater: FastifySerializerCompiler<object> = ({ schema }) => {
  let write: ((value: unknown) => string) | undefined;
  return (value) => {
    write ??= fastJsonStringify(schema);
    return write(value);
  };
};

/** RFC 3339 date-time that JavaScript can read. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}
