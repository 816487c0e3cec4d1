/** Picks fields by name: only named fields are written and shown, never everything that an object has. */

/** The fields of `from` whose names are in `names` and that have a value. */
export function pick<T extends object, K extends keyof T>(
  from: T,
  names: readonly K[],
): Pick<T, K> {
  const given = names.filter((name) => from[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, from[name]])) as Pick<T, K>;
}

/** The values of a row as in JSON: times are text. */
export type Shown<T> = { [K in keyof T]: T[K] extends Date | null ? Time<T[K]> : T[K] };
type Time<V> = V extends Date ? string : V;

/** The named fields of a row, as an answer shows them. */
export function show<T extends object, K extends keyof T>(
  row: T,
  names: readonly K[],
): Shown<Pick<T, K>> {
  const shown = names.map((name) => {
    const value = row[name];
    return [name, value instanceof Date ? value.toISOString() : value];
  });
  return Object.fromEntries(shown) as Shown<Pick<T, K>>;
}

/** The names of a schema's fields, so that writes and answers follow what the API describes. */
export const fieldsOf = <T extends object>({ properties }: { properties: T }) =>
  Object.keys(properties) as (keyof T & string)[];

/** The names of a schema's fields without some. */
export const fieldsBut = <T extends object, K extends keyof T & string>(
  schema: { properties: T },
  ...names: readonly K[]
) =>
  fieldsOf(schema).filter((name) => !(names as readonly string[]).includes(name)) as Exclude<
    keyof T & string,
    K
  >[];
