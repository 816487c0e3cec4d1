/**
 * Closes the schemas of input: properties that they do not name are refused, at every depth. Properties with a default
 * may be left out.
 */

type Schema = Record<string, unknown>;

/** Keywords with a list of schemas, of which one applies. */
const CHOICES = ['anyOf', 'oneOf'] as const;
/**
 * Keywords that spread one object over several schemas. This code could not decide which properties such an object
 * names.
 */
const SPREAD = ['allOf', '$ref', 'if', 'dependentSchemas', 'not'] as const;
/** The pattern of a record: any name, with a value of the given type. */
const ANY_NAME = '^.*$';

/**
 * The same schema with `additionalProperties: false` on every object that does not say otherwise. An object that
 * accepts any properties says `additionalProperties: true`. Throws for a schema that it cannot close.
 */
export function closed(schema: object): Schema {
  const given = schema as Schema;
  const spread = SPREAD.find((keyword) => keyword in given);
  if (spread)
    throw new Error(`a schema of input cannot use ${spread}: name its properties at once`);
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
 * The schema of the properties that are not named. `.` does not match line ends, so the pattern of a record is not a
 * pattern for names.
 */
function othersOf({ additionalProperties, patternProperties }: Schema): unknown {
  if (patternProperties !== undefined) {
    const [[pattern, value] = [], ...more] = Object.entries(patternProperties as object);
    if (pattern !== ANY_NAME || more.length > 0) throw new Error('records take any name');
    return closed(value);
  }
  if (typeof additionalProperties === 'object') return closed(additionalProperties as object);
  return additionalProperties ?? false;
}
