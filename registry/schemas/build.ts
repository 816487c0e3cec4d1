/**
 * Builders of JSON Schemas. The builders have TypeBox's types, so that TypeBox's `Static` derives types from the
 * schemas. The builders do not load TypeBox itself, because its 370 modules would take a tenth of the time of a start.
 * The builders support only the features that the registry's schemas use. A test compares the results with TypeBox's.
 */
import type { Type as TypeBox } from 'typebox';

type Schema = Record<string, unknown>;

/**
 * The schemas of optional properties. A schema cannot have a mark of its own, because the OpenAPI document contains the
 * schema as it is.
 */
const optional = new WeakSet<object>();

function Optional(schema: Schema): Schema {
  const copy = { ...schema };
  optional.add(copy);
  return copy;
}

function ObjectOf(properties: Record<string, Schema>, options?: Schema): Schema {
  const required = Object.keys(properties).filter(
    (name) => !optional.has(properties[name] as Schema),
  );
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties,
    ...options,
  };
}

/** Makes all properties optional. The result does not have the other options of the object. */
function Partial({ properties }: { properties: Record<string, Schema> }, options?: Schema): Schema {
  const entries = Object.entries(properties).map(([name, schema]) => [name, Optional(schema)]);
  return ObjectOf(Object.fromEntries(entries), options);
}

const build = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Enum: (values: unknown[], options?: Schema) => ({ enum: values, ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Schema) => ({ type: 'null', ...options }),
  Number: (options?: Schema) => ({ type: 'number', ...options }),
  Object: ObjectOf,
  Optional,
  Partial,
  Record: (_key: Schema, value: Schema, options?: Schema) => ({
    type: 'object',
    patternProperties: { '^.*$': value },
    ...options,
  }),
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Union: (anyOf: Schema[], options?: Schema) => ({ anyOf, ...options }),
  Unknown: (options?: Schema) => ({ ...options }),
  Unsafe: (schema: Schema) => schema,
};

/**
 * The builders, with TypeBox's types. `test/schemas/build.test.ts` compares the results of the builders with TypeBox's.
 */
export const Type = build as unknown as Pick<typeof TypeBox, keyof typeof build>;
