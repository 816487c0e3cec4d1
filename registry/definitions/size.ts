/** Measures how much a JSON value contains, stopping at a limit. */
import type { Json } from './types.ts';

export interface Bounds {
  /** Values at all depths. */
  values: number;
  /** Characters of all names and texts. */
  characters: number;
}

/** The limit for the settings of a definition, in its header and in its code. */
export const SETTINGS: Bounds = { values: 10_000, characters: 262_144 };

/** Which limit the value exceeds, in words; null if none. */
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
