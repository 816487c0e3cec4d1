/**
 * Checks requests and writes answers by their schemas. Bodies are JSON and are taken literally (a number in
 * quotes is a string); queries and paths are text and are converted, and parameters that no schema names are
 * left out, so that none of them becomes a filter. A schema is compiled when it is first needed: all of them
 * together would take a good part of a start.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import fastJsonStringify from 'fast-json-stringify';
import type { FastifyInstance } from 'fastify';

const formats = { 'date-time': isTime };

export function validation(app: FastifyInstance): void {
  const literal = new Ajv({ allErrors: false, useDefaults: true, strict: false, formats });
  const converting = new Ajv({
    coerceTypes: true,
    removeAdditional: 'all',
    useDefaults: true,
    strict: false,
    formats,
  });
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const ajv = httpPart === 'body' ? literal : converting;
    let validate: ValidateFunction | undefined;
    return (data: unknown) => {
      validate ??= ajv.compile(schema as object);
      return validate(data) || { error: validate.errors ?? [] };
    };
  });
  app.setSerializerCompiler(({ schema }) => {
    let write: ((value: unknown) => string) | undefined;
    return (value) => {
      write ??= fastJsonStringify(schema as object);
      return write(value);
    };
  });
}

/** RFC 3339 date-time that JavaScript can read. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}
