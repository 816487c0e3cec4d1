/**
 * Checks requests against their schemas. Bodies are JSON and are taken literally (a number in quotes is
 * a string); queries and paths are text and are converted.
 */
import { Ajv } from 'ajv';
import type { FastifyInstance } from 'fastify';

const formats = { 'date-time': isTime };

export function validation(app: FastifyInstance): void {
  const literal = new Ajv({ allErrors: false, useDefaults: true, strict: false, formats });
  const converting = new Ajv({ coerceTypes: true, useDefaults: true, strict: false, formats });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? literal : converting).compile(schema as object),
  );
}

/** RFC 3339 date-time that JavaScript can read. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}
