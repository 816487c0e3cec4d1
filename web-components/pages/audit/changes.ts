/** Pure: the values before and after a change, from an audit entry → the fields that changed. */

export interface Change {
  name: string;
  before: string | undefined;
  after: string | undefined;
}

/** How many characters of a value are shown, because a value may be a whole file. */
const LONGEST = 4000;

/** The fields that changed. If the subject was created or deleted, all its fields are returned. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name) => {
    const [was, is] = [textOf(old[name]), textOf(now[name])];
    return was === is ? [] : [{ name, before: was, after: is }];
  });
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  return { value };
}

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
