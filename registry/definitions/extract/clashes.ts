/** Two definitions may not have one name, case ignored: which of them can be imported at all. */
import { byText } from './paths.ts';
import type { Extracted, Skipped } from './types.ts';

/**
 * Sets clashing definitions apart. Equal ones are imported once, from the first path; of different ones none
 * is, because which one is meant cannot be known: each is skipped with the places of the others.
 */
export function withoutClashes(all: readonly Extracted[]): {
  kept: Extracted[];
  skipped: Skipped[];
} {
  const groups = new Map<string, Extracted[]>();
  for (const found of all) {
    const key = found.name.toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  const kept: Extracted[] = [];
  const skipped: Skipped[] = [];
  for (const group of groups.values()) {
    const [first, ...others] = group.sort((a, b) => byText(a.origin, b.origin));
    if (!first) continue;
    if (others.every((other) => other.name === first.name && sameFiles(other.files, first.files))) {
      kept.push(first);
      for (const other of others) skipped.push(skip(other, `the same as ${place(first)}`));
      continue;
    }
    for (const one of group) {
      const elsewhere = group.filter((other) => other !== one).map(place);
      skipped.push(skip(one, `its name clashes with ${elsewhere.join(', ')}`));
    }
  }
  return { kept, skipped };
}

/** True when both hold the same paths with the same bytes. */
export function sameFiles(
  a: ReadonlyMap<string, Uint8Array>,
  b: ReadonlyMap<string, Uint8Array>,
): boolean {
  if (a.size !== b.size) return false;
  for (const [path, bytes] of a) {
    const other = b.get(path);
    if (!other || Buffer.compare(bytes, other) !== 0) return false;
  }
  return true;
}

function place({ name, origin, line }: Extracted): string {
  return `${name} in ${origin}:${line}`;
}

function skip({ name, origin, line }: Extracted, reason: string): Skipped {
  return { path: origin, class: name, line, reason };
}
