/** Picks fields of objects by name, so that the registry never stores or shows a field by mistake. */

/** Returns the fields of `from` with these names. Leaves out undefined fields. */
export function pick<T extends object, K extends keyof T>(
  from: T,
  names: readonly K[],
): Pick<T, K> {
  const given = names.filter((name) => from[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, from[name]])) as Pick<T, K>;
}

/** The fields of a row as an answer has them: times are texts. */
export type Shown<T> = { [K in keyof T]: T[K] extends Date | null ? Time<T[K]> : T[K] };
type Time<V> = V extends Date ? string : V;

/** Returns the fields of a row with these names, as an answer has them. */
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

/** The names of a schema's fields. Code that uses these names always agrees with the schemas of the API. */
export const fieldsOf = <T extends object>({ properties }: { properties: T }) =>
  Object.keys(properties) as (keyof T & string)[];

/** The names of a schema's fields, except `names`. */
export const fieldsBut = <T extends object, K extends keyof T & string>(
  schema: { properties: T },
  ...names: readonly K[]
) =>
  fieldsOf(schema).filter((name) => !(names as readonly string[]).includes(name)) as Exclude<
    keyof T & string,
    K
  >[];
