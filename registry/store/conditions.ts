/** Combines filter conditions: each is a piece of SQL and the values of its `?`s. */
export type Condition = [sql: string, ...values: unknown[]];

/** `where …` and its values; empty without conditions. Undefined conditions are ignored. */
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

/** `column` is one of `values`; undefined matches everything, an empty list nothing. */
export function among(
  column: string,
  values: readonly (number | string)[] | undefined,
): Condition | undefined {
  if (values === undefined) return undefined;
  if (values.length === 0) return ['false'];
  return [`${column} in (${values.map(() => '?').join(', ')})`, ...values];
}

/** `column` equals `value`; undefined matches everything. */
export function equal(column: string, value: unknown): Condition | undefined {
  return value === undefined ? undefined : [`${column} = ?`, value];
}
