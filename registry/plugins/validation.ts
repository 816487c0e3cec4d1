/**
 * Checks requests and writes answers by their schemas. Bodies are JSON and are taken literally (a number in
 * quotes is a string); queries and paths are text and are converted. What a schema does not name is refused, in
 * bodies and in queries alike. A schema is compiled when it is first needed: all of them together would take a
 * good part of a start.
 */
import {
  Ajv,
  type FuncKeywordDefinition,
  type SchemaValidateFunction,
  type ValidateFunction,
} from 'ajv';
import fastJsonStringify from 'fast-json-stringify';
import type {
  FastifyInstance,
  FastifyRequest,
  FastifySchemaCompiler,
  FastifySerializerCompiler,
  FastifyServerOptions,
  RouteOptions,
} from 'fastify';
import { excess } from '../definitions/size.ts';
import type { Json } from '../definitions/types.ts';
import { Problem } from '../errors.ts';
import { closed } from '../schemas/closed.ts';
import { COMPOSED, MOST_CHARACTERS, MOST_VALUES } from '../schemas/common.ts';
import { FORMATS } from '../schemas/formats.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Somebody else makes the query of this address: what is not named in it is ignored. */
    openQuery?: boolean;
  }
}

/**
 * Given to Fastify when it is made: it would load and prepare compilers of its own first. Its types speak of
 * those, hence the cast.
 */
export const schemaController = {
  compilersFactory: {
    buildValidator: compileValidatorLater,
    buildSerializer: () => compileSerializerLater,
  },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>;

/**
 * Closes the schemas of every route that the API document lists: what they do not name is refused, a body where none
 * is taken as well. Must come before the routes.
 */
export function refuseUnnamed(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { schema, config } = route;
    if (schema === undefined || schema.hide) return;
    const { querystring = NO_PARAMETERS, body } = schema as Record<string, object | undefined>;
    route.schema = {
      ...schema,
      querystring: config?.openQuery ? querystring : closed(querystring),
      ...(body && { body: closed(body) }),
    };
    if (!body && takesBody(route))
      route.preValidation = [refuseBody, route.preValidation ?? []].flat();
  });
}

const NO_PARAMETERS = { type: 'object', properties: {} };

const takesBody = ({ method }: RouteOptions): boolean => method !== 'GET' && method !== 'HEAD';

/** An empty object says nothing, and programs send it for nothing. */
async function refuseBody({ body }: FastifyRequest): Promise<void> {
  if (body === undefined || body === null) return;
  const names = typeof body === 'object' ? Object.keys(body) : ['body'];
  if (names.length === 0) return;
  const message = 'is not accepted here: this request takes no body';
  const errors = names.map((path) => ({ path, message }));
  throw new Problem('invalid', `${names.join(', ')} ${message}`, errors);
}

function compileValidatorLater(): FastifySchemaCompiler<object> {
  // The schemas are ours: a test checks them, so that JSON Schema's own need not be compiled.
  const ours = {
    useDefaults: true,
    verbose: true,
    strict: false,
    meta: false,
    validateSchema: false,
    formats: FORMATS,
  };
  const literal = requiredLast(new Ajv(ours));
  const converting = requiredLast(new Ajv({ ...ours, coerceTypes: true }));
  for (const ajv of [literal, converting])
    ajv
      .addKeyword(composed)
      .addKeyword(mostValues)
      .addKeyword(MOST_CHARACTERS)
      .removeKeyword('maxLength')
      .addKeyword(maxLength);
  return ({ schema, httpPart }) => {
    const ajv = httpPart === 'body' || httpPart === 'headers' ? literal : converting;
    let validate: ValidateFunction | undefined;
    return (data: unknown) => {
      validate ??= ajv.compile(schema);
      return validate(data) || { error: validate.errors ?? [] };
    };
  };
}

/** Of what is wrong the first is told: what is not named comes before what is missing. */
function requiredLast(ajv: Ajv): Ajv {
  const required = ajv.getKeyword('required');
  if (typeof required === 'boolean') throw new Error('JSON Schema has the keyword "required"');
  return ajv.removeKeyword('required').addKeyword(required);
}

const composed: FuncKeywordDefinition = {
  keyword: COMPOSED,
  type: 'string',
  before: 'pattern',
  modifying: true,
  validate(_schema: unknown, text: string, _parent, at) {
    if (at) at.parentData[at.parentDataProperty] = text.normalize('NFC');
    return true;
  },
};

/** What is kept already is answered, whatever requests must be now. */
const ANY = { line: true, prose: true } as const;

const checkValueCount: SchemaValidateFunction = (values: number, data: Json, schema) => {
  const characters = (schema as Record<string, number>)[MOST_CHARACTERS] ?? values;
  const more = excess(data, { values, characters });
  if (more === null) return true;
  checkValueCount.errors = [{ keyword: MOST_VALUES, message: `has ${more}: reduce its size` }];
  return false;
};

const checkLength: SchemaValidateFunction = (most: number, text: string) => {
  if (text.length <= most || (text.length <= 2 * most && hasAtMost(most, text))) return true;
  const message = `must NOT have more than ${most} characters`;
  checkLength.errors = [{ keyword: 'maxLength', params: { limit: most }, message }];
  return false;
};

/** JSON Schema counts code points. Ajv counts all of them, which takes longer than to parse the text. */
const maxLength: FuncKeywordDefinition = {
  keyword: 'maxLength',
  type: 'string',
  validate: checkLength,
};

function hasAtMost(most: number, text: string): boolean {
  let count = 0;
  for (const _ of text) if (++count > most) return false;
  return true;
}

/** Everything that is kept is copied, compared and written again and again. */
const mostValues: FuncKeywordDefinition = {
  keyword: MOST_VALUES,
  type: 'object',
  validate: checkValueCount,
};

/**
 * The same schema for the writer, which knows null by a keyword of its own. For each `anyOf` it would compile a check: 30 ms at the
 * first validation, and every value is checked by it.
 */
function serializerSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(serializerSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, inner]) => [name, serializerSchema(inner)]);
  const copy = Object.fromEntries(entries);
  const { anyOf: [only, none, ...more] = [], ...rest } = copy;
  if (none?.type !== 'null' || more.length > 0) return copy;
  if (only.enum) return { ...rest, enum: [...only.enum, null] };
  return typeof only.type === 'string' ? { ...rest, ...only, nullable: true } : copy;
}

const compileSerializerLater: FastifySerializerCompiler<object> = ({ schema }) => {
  let write: ((value: unknown) => string) | undefined;
  return (value) => {
    write ??= fastJsonStringify(serializerSchema(schema) as object, { ajv: { formats: ANY } });
    return write(value);
  };
};
