/** Fields by name: what is written is what somebody named, never all that came. */

/** The fields of `from` that are given and are among `names`. */
export function pick<T extends object, K extends keyof T>(
  from: T,
  names: readonly K[],
): Partial<Pick<T, K>> {
  const given = names.filter((name) => from[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, from[name]])) as Partial<Pick<T, K>>;
}

/** The names that a schema of input has, so that what is written follows what the route reads. */
export const fieldsOf = <T extends object>({ properties }: { properties: T }) =>
  Object.keys(properties) as (keyof T & string)[];

/** The same without some. */
export const fieldsBut = <T extends object, K extends keyof T & string>(
  schema: { properties: T },
  ...names: readonly K[]
) =>
  fieldsOf(schema).filter((name) => !(names as readonly string[]).includes(name)) as Exclude<
    keyof T & string,
    K
  >[];
