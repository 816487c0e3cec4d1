/** Cursors: opaque texts for the end of a page, made of the values by which the list is ordered. */
import { CURSOR_LENGTH } from '../schemas/common.ts';
import { StoreError } from './errors.ts';

/** A column by which a list is ordered. No two rows of a list may have equal values in all its keys. */
export interface Key {
  column: string;
  kind: 'text' | 'number' | 'time';
  /** Whether to order by the text in lower case. */
  lower?: true;
  /** Whether the column can be null. As in PostgreSQL, null comes last, and first in descending order. */
  nullable?: boolean;
  descending?: boolean;
}

export type Value = string | number | null;

export function cursorOf(keys: readonly Key[], row: Record<string, unknown>): string {
  const values = keys.map(({ column }) => row[column]);
  return Buffer.from(JSON.stringify([orderOf(keys), ...values])).toString('base64url');
}

/** Reads the values in a cursor. Throws `invalid_cursor` if `cursorOf` did not make it for a list in this order. */
export function readCursor(keys: readonly Key[], cursor: string): Value[] {
  const [order, ...values] = parse(cursor);
  const fits =
    order === orderOf(keys) &&
    values.length === keys.length &&
    keys.every((key, i) => isValueOf(key, values[i]));
  if (!fits)
    throw new StoreError(
      'invalid_cursor',
      `the cursor does not belong to a list ordered by ${orderOf(keys)}`,
    );
  return values as Value[];
}

/** Whether the cursor belongs to a list in this order. */
export const isCursorOf = (keys: readonly Key[], cursor: string): boolean =>
  parse(cursor)[0] === orderOf(keys);

const orderOf = (keys: readonly Key[]): string =>
  keys.map(({ column, descending }) => `${descending ? '-' : ''}${column}`).join(',');

function parse(cursor: string): unknown[] {
  if (cursor.length > CURSOR_LENGTH) return [];
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(read) ? read : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** How PostgreSQL writes a time, which the driver returns as text. */
const TIME = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/;
const LARGEST = 2 ** 31 - 1;

function isValueOf({ kind, nullable }: Key, value: unknown): boolean {
  if (value === null) return nullable === true;
  if (kind === 'number') return Number.isInteger(value) && Math.abs(value as number) <= LARGEST;
  if (typeof value !== 'string') return false;
  return kind === 'time' ? TIME.test(value) : !value.includes('\0');
}

/** The condition for the rows of the table `r` that come after these values. */
export function isAfter(keys: readonly Key[], values: readonly Value[]): [string, ...Value[]] {
  const alternatives = keys.map((_, i): [string, ...Value[]] => {
    const equal = keys.slice(0, i).map((key, k) => sameAs(key, values[k] as Value));
    const conditions = [...equal, beyond(keys[i] as Key, values[i] as Value)];
    return [
      conditions.map(([sql]) => sql).join(' and '),
      ...conditions.flatMap(([, ...given]) => given),
    ];
  });
  // With this condition PostgreSQL can start in an index at the first key's value. With the alternatives alone,
  // PostgreSQL would read the index from the beginning.
  const start = reaches(keys[0] as Key, values[0] as Value);
  return [
    `${start[0]} and (${alternatives.map(([sql]) => `(${sql})`).join(' or ')})`,
    ...(start.slice(1) as Value[]),
    ...alternatives.flatMap(([, ...given]) => given),
  ];
}

/** The SQL of a key in the table `alias`. */
export const keyOf = ({ column, lower }: Key, alias: string): string =>
  lower ? `lower(${alias}.${column})` : `${alias}.${column}`;

const given = ({ lower, kind }: Key): string =>
  lower ? 'lower(?)' : kind === 'time' ? '?::timestamptz' : '?';

const sameAs = (key: Key, value: Value): [string, ...Value[]] =>
  value === null ? [`${keyOf(key, 'r')} is null`] : [`${keyOf(key, 'r')} = ${given(key)}`, value];

function beyond(key: Key, value: Value): [string, ...Value[]] {
  const column = keyOf(key, 'r');
  if (value === null) return [key.descending ? `${column} is not null` : 'false'];
  if (key.descending) return [`${column} < ${given(key)}`, value];
  const larger = `${column} > ${given(key)}`;
  return [key.nullable ? `(${larger} or ${column} is null)` : larger, value];
}

function reaches(key: Key, value: Value): [string, ...Value[]] {
  if (value === null || key.nullable) return ['true'];
  return [`${keyOf(key, 'r')} ${key.descending ? '<=' : '>='} ${given(key)}`, value];
}
