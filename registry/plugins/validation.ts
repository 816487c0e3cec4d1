/**
 * Validates requests and serializes answers with the schemas of the routes. In bodies, a number in quotes is a string.
 * Queries and paths are text, so their values are converted to the types of the schema. A request is refused if its body
 * or query has a property that is not in the schema. Each schema is compiled when it is first needed, because compiling
 * all of them would slow the start.
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
    /** Another program builds the query, so parameters that are not in the schema are ignored. */
    openQuery?: boolean;
  }
}

/**
 * An option for creating the Fastify app. If the option were set later, Fastify would already have loaded its own
 * compilers. The cast is needed because the types of the option describe Fastify's own compilers.
 */
export const schemaController = {
  compilersFactory: {
    buildValidator: compileValidatorLater,
    buildSerializer: () => compileSerializerLater,
  },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>;

/**
 * Makes the routes in the OpenAPI document refuse unknown properties, and refuse a body if the route expects none. Must
 * be called before the routes are added.
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

/** Refuses a body, but accepts an empty object, because some programs always send one. */
async function refuseBody({ body }: FastifyRequest): Promise<void> {
  if (body === undefined || body === null) return;
  const names = typeof body === 'object' ? Object.keys(body) : ['body'];
  if (names.length === 0) return;
  const message = 'is not accepted here: this request must not have a body';
  const errors = names.map((path) => ({ path, message }));
  throw new Problem('invalid', `${names.join(', ')} ${message}`, errors);
}

function compileValidatorLater(): FastifySchemaCompiler<object> {
  // Does not compile the schema of JSON Schema to check our schemas, because a test does that.
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

/**
 * Moves the check for missing properties to the end. Ajv reports only one error, and an unknown property tells the user
 * more than a missing one.
 */
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

/** Accepts all formats in answers. The database may contain values that requests could no longer set today. */
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

/**
 * Limits the code points of a text, which is what JSON Schema counts. Ajv's own check always counts all code points,
 * which takes longer than parsing the text. This check counts code points only if the text may be too long.
 */
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

/** Limits the number of values in an object, because the registry copies, compares and writes stored objects often. */
const mostValues: FuncKeywordDefinition = {
  keyword: MOST_VALUES,
  type: 'object',
  validate: checkValueCount,
};

/**
 * Replaces `anyOf` with null by `nullable`, a keyword of the serializer. For an `anyOf`, the serializer would compile a
 * validator, which takes 30 ms, and check every value with it.
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
