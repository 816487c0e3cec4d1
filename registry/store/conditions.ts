/** A condition of a filter: a piece of SQL, and the values of its `?` placeholders. */
export type Condition = [sql: string, ...values: unknown[]];

/**
 * Combines conditions into `where …` and its values. Ignores undefined ones. If no condition is left, the SQL is empty.
 */
export function where(conditions: readonly (Condition | undefined)[]): {
  sql: string;
  values: unknown[];
} {
  const given = conditions.filter((condition) => condition !== undefined);
  return {
    sql: given.length === 0 ? '' : `where ${given.map(([sql]) => `(${sql})`).join(' and ')}`,
    values: given.flatMap(([, ...values]) => values),
  };
}

/** The condition that `column` is one of `values`. Undefined matches every row, and an empty list matches none. */
export function among(
  column: string,
  values: readonly (number | string)[] | undefined,
): Condition | undefined {
  if (values === undefined) return undefined;
  if (values.length === 0) return ['false'];
  return [`${column} in (${values.map(() => '?').join(', ')})`, ...values];
}

/** The condition that `column` equals `value`. Undefined matches every row. */
export function equal(column: string, value: unknown): Condition | undefined {
  return value === undefined ? undefined : [`${column} = ?`, value];
}
