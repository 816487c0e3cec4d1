/**
 * Builders of the schemas, with TypeBox's types, so that `Static` reads these schemas. TypeBox itself has about 370
 * modules, a tenth of a start, and the plain JSON Schema here needs very little of it. This has only what the schemas
 * use, in the way they use it; a test compares both.
 */
import type { Type as TypeBox } from 'typebox';

type Schema = Record<string, unknown>;

/** The optional properties. Kept beside the schemas, because the schemas are published. */
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

/** The same properties, all optional, without the other options of the object. */
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

/** These builders make plain objects; only the types are TypeBox's. `test/schemas/build.test.ts` compares the two. */
export const Type = build as unknown as Pick<typeof TypeBox, keyof typeof build>;
