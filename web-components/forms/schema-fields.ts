/**
 * Pure: JSON Schema (2020-12) → the fields of a form. Anyone can write a schema, so nothing in a schema is assumed to
 * be valid.
 */
export type Schema = Readonly<Record<string, unknown>>;
export type Values = Readonly<Record<string, unknown>>;

export interface Field {
  name: string;
  label: string;
  description: string;
  kind: 'number' | 'integer' | 'text' | 'switch' | 'choice' | 'group' | 'json';
  schema: Schema;
  default?: unknown;
  choices?: readonly unknown[];
  minimum?: number;
  maximum?: number;
}

export function fieldsOf(schema: Schema): Field[] {
  return Object.entries(objectOf(schema.properties)).map(([name, value]) =>
    fieldOf(name, objectOf(value)),
  );
}

function fieldOf(name: string, schema: Schema): Field {
  const choices = Array.isArray(schema.enum) ? schema.enum : undefined;
  const text = (key: string) => (typeof schema[key] === 'string' ? (schema[key] as string) : '');
  const bound = (key: string, exclusive: string) =>
    [schema[key], schema[exclusive]].find((value) => typeof value === 'number') as
      | number
      | undefined;
  const [minimum, maximum] = [
    bound('minimum', 'exclusiveMinimum'),
    bound('maximum', 'exclusiveMaximum'),
  ];
  return {
    name,
    label: text('title') || name.replaceAll('_', ' '),
    description: text('description'),
    kind: choices ? 'choice' : kindOf(schema),
    schema,
    ...(schema.default !== undefined && { default: schema.default }),
    ...(choices && { choices }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  };
}

function kindOf({ type, properties }: Schema): Field['kind'] {
  if (type === 'number' || type === 'integer') return type;
  if (type === 'string') return 'text';
  if (type === 'boolean') return 'switch';
  return type === 'object' && properties !== undefined ? 'group' : 'json';
}

function objectOf(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Schema)
    : {};
}
