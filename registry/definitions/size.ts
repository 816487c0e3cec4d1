/** Measures how much a JSON value contains, and stops at a limit. */
import type { Json } from './types.ts';

export interface Bounds {
  /** The number of values at all depths. */
  values: number;
  /** The number of characters in all names and strings. */
  characters: number;
}

/** The limit for the settings of a definition, both in its header and in its code. */
export const SETTINGS: Bounds = { values: 10_000, characters: 262_144 };

/** The limit that the value exceeds, in words; null if the value is within the limits. */
export function excess(value: Json, most: Bounds): string | null {
  let values = 0;
  let characters = 0;
  const waiting: Json[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (++values > most.values) return `more than ${most.values} values`;
    if (typeof next === 'string') characters += next.length;
    else if (typeof next === 'object' && next !== null) {
      for (const [name, inner] of Object.entries(next)) {
        if (!Array.isArray(next)) characters += name.length;
        waiting.push(inner);
      }
    }
    if (characters > most.characters) return `more than ${most.characters} characters`;
  }
  return null;
}
