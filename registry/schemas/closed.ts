/**
 * Closes the schemas of requests, so that unknown properties are refused at every depth. Properties with a default become
 * optional.
 */

type Schema = Record<string, unknown>;

/** Keywords that list alternative schemas for a value. */
const CHOICES = ['anyOf', 'oneOf'] as const;
/**
 * Keywords that combine several schemas for one object. These keywords are not supported, because the known properties
 * would depend on all of the schemas together.
 */
const SPREAD = ['allOf', '$ref', 'if', 'dependentSchemas', 'not'] as const;
/** The name pattern of a record, which has properties with any names and values of one type. */
const ANY_NAME = '^.*$';

/**
 * Returns the schema with `additionalProperties: false` on every object that has no `additionalProperties`. An object with
 * `additionalProperties: true` stays open. Throws if the schema uses an unsupported keyword.
 */
export function closed(schema: object): Schema {
  const given = schema as Schema;
  const spread = SPREAD.find((keyword) => keyword in given);
  if (spread)
    throw new Error(
      `the schema of a request must not use ${spread}: list all properties in one object`,
    );
  const copy = { ...given };
  for (const keyword of CHOICES) {
    if (keyword in given) copy[keyword] = (given[keyword] as object[]).map(closed);
  }
  if (given.items) copy.items = closed(given.items as object);
  return isOfObjects(given) ? closedObject(copy) : copy;
}

const isOfObjects = ({ type, properties }: Schema): boolean =>
  [type].flat().includes('object') || properties !== undefined;

function closedObject(schema: Schema): Schema {
  const { patternProperties, required, ...rest } = schema;
  const properties = Object.entries((schema.properties ?? {}) as Record<string, object>);
  const named = properties.map(([name, value]) => [name, closed(value)]);
  const defaults = properties.flatMap(([name, value]) => ('default' in value ? [name] : []));
  const needed = ((required ?? []) as string[]).filter((name) => !defaults.includes(name));
  return {
    ...rest,
    ...(needed.length > 0 && { required: needed }),
    ...(schema.properties !== undefined && { properties: Object.fromEntries(named) }),
    additionalProperties: othersOf(schema),
  };
}

/**
 * Returns the schema of all properties that are not listed by name. For a record, this schema replaces the name
 * pattern: `.` does not match line ends, so names with line ends would escape the check.
 */
function othersOf({ additionalProperties, patternProperties }: Schema): unknown {
  if (patternProperties !== undefined) {
    const [[pattern, value] = [], ...more] = Object.entries(patternProperties as object);
    if (pattern !== ANY_NAME || more.length > 0)
      throw new Error('a record must accept any property name');
    return closed(value);
  }
  if (typeof additionalProperties === 'object') return closed(additionalProperties as object);
  return additionalProperties ?? false;
}
