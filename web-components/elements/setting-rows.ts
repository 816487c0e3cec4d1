/** Pure: a JSON Schema of settings → the rows of a table. */

export interface SettingRow {
  /** The path of the setting, such as `sweep.start`. */
  path: string;
  type: string;
  /** The allowed values: a range, a list or a pattern; '' for any value. */
  allowed: string;
  /** The default as JSON; '' if there is none. */
  initial: string;
  description: string;
  isRequired: boolean;
}

type Json = Record<string, unknown>;

/** Anyone can write a schema, so its size is limited: deeper levels and further rows are left out. */
const DEEPEST = 4;
const MOST = 500;

/**
 * The rows of a schema with the definition's defaults. Settings that have a default but are not in the schema come
 * last.
 */
export function settingRows(schema: Json | null, defaults: Json | null): SettingRow[] {
  const rows: SettingRow[] = [];
  collect(schema ?? {}, defaults ?? {}, '', 1, rows);
  return rows;
}

function collect(schema: Json, defaults: Json, prefix: string, depth: number, rows: SettingRow[]) {
  const properties = objectOf(schema.properties);
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  for (const key of new Set([...Object.keys(properties), ...Object.keys(defaults)])) {
    if (rows.length >= MOST) return;
    const one = objectOf(properties[key]);
    const value = Object.hasOwn(defaults, key) ? defaults[key] : one.default;
    if (isObject(one.properties) && depth < DEEPEST) {
      collect(one, objectOf(value), `${prefix}${key}.`, depth + 1, rows);
      continue;
    }
    rows.push({
      path: prefix + key,
      type: typeOf(one, value),
      allowed: allowedBy(one),
      initial: value === undefined ? '' : show(value),
      description: textOf(one.description) || textOf(one.title),
      isRequired: required.has(key),
    });
  }
}

function typeOf(schema: Json, value: unknown): string {
  if (schema.type === 'array') {
    const inner = typeOf(objectOf(schema.items), undefined);
    return inner ? `list of ${inner}` : 'list';
  }
  if (typeof schema.type === 'string') return schema.type;
  if (Array.isArray(schema.type))
    return schema.type.filter((one) => typeof one === 'string').join(' or ');
  const kinds = [
    ...(listOf(schema.enum) ?? listOf(schema.anyOf)?.map((one) => objectOf(one).type) ?? []),
  ];
  if (listOf(schema.enum)) return kindsOf(kinds);
  if (kinds.length > 0)
    return [...new Set(kinds.filter((one) => typeof one === 'string'))].join(' or ');
  return value === undefined ? '' : kindsOf([value]);
}

function kindsOf(values: unknown[]): string {
  const kind = (value: unknown) =>
    value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
  return [...new Set(values.map(kind))].join(' or ');
}

function allowedBy(schema: Json): string {
  const values =
    listOf(schema.enum) ?? (Object.hasOwn(schema, 'const') ? [schema.const] : undefined);
  if (values) return values.map(show).join(', ');
  const low = bound(schema.minimum, schema.exclusiveMinimum, '≥', '>');
  const high = bound(schema.maximum, schema.exclusiveMaximum, '≤', '<');
  const range =
    low && high && isNumber(schema.minimum) && isNumber(schema.maximum)
      ? `${show(schema.minimum)} … ${show(schema.maximum)}`
      : [low, high].filter(Boolean).join(', ');
  const step = isNumber(schema.multipleOf) ? `steps of ${show(schema.multipleOf)}` : '';
  const pattern = textOf(schema.pattern) && `matches ${textOf(schema.pattern)}`;
  return [range, step, pattern].filter(Boolean).join('; ');
}

function bound(inclusive: unknown, exclusive: unknown, or: string, strictly: string): string {
  if (isNumber(inclusive)) return `${or} ${show(inclusive)}`;
  return isNumber(exclusive) ? `${strictly} ${show(exclusive)}` : '';
}

const show = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const listOf = (value: unknown): unknown[] | undefined =>
  Array.isArray(value) ? value : undefined;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
