/** The fields of `from` that are given and are among `names`; whoever sends a whole object back changes what they may. */
export function pick<T extends object, K extends keyof T>(
  from: T,
  names: readonly K[],
): Partial<Pick<T, K>> {
  const given = names.filter((name) => from[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, from[name]])) as Partial<Pick<T, K>>;
}
