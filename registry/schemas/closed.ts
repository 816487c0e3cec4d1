/** Schemas of input are closed: what they do not name is refused, at every depth. What has a default may be left out. */

type Schema = Record<string, unknown>;

/** Keywords whose value is a list of schemas, of which one applies. */
const CHOICES = ['anyOf', 'oneOf'] as const;
/** Keywords that spread one object over several schemas: which properties are named could not be decided here. */
const SPREAD = ['allOf', '$ref', 'if', 'dependentSchemas', 'not'] as const;
/** How a record is written: any name, each with such a value. */
const ANY_NAME = '^.*$';

/**
 * The same schema with `additionalProperties: false` on every object that does not say otherwise. An object that takes
 * anything says `additionalProperties: true`. Throws for what it cannot close.
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

/** What properties beyond those named may be. `.` matches no line end, so a record is no pattern of names. */
function othersOf({ additionalProperties, patternProperties }: Schema): unknown {
  if (patternProperties !== undefined) {
    const [[pattern, value] = [], ...more] = Object.entries(patternProperties as object);
    if (pattern !== ANY_NAME || more.length > 0) throw new Error('records take any name');
    return closed(value);
  }
  if (typeof additionalProperties === 'object') return closed(additionalProperties as object);
  return additionalProperties ?? false;
}
