/** Two definitions may not have one name, case ignored: which of them can be imported at all. */
import type { Chooser } from './choice.ts';
import { byText } from './paths.ts';
import type { Extracted, Skipped } from './types.ts';

/** A definition that could be made. */
export interface Candidate {
  path: string;
  name: string;
  line: number;
  /** As it would be without what the folders say; or why it cannot be one. */
  make: () => Extracted | Skipped;
}

export const isExtracted = (made: Extracted | Skipped): made is Extracted => 'files' in made;

/**
 * Sets clashing definitions apart. Of different ones of one name the one that is preferred is taken, and else none,
 * because which one is meant cannot be known: each is skipped with the places of the others. Equal ones are taken
 * once, from the first path.
 */
export function withoutClashes(
  all: readonly Candidate[],
  chooser: Chooser,
): { kept: Candidate[]; skipped: Skipped[] } {
  const groups = new Map<string, Candidate[]>();
  for (const found of all) {
    const key = found.name.toLowerCase();
    const group = groups.get(key);
    if (group) group.push(found);
    else groups.set(key, [found]);
  }
  const kept: Candidate[] = [];
  const skipped: Skipped[] = [];
  for (const all of groups.values()) {
    const group = all.length === 1 ? all : fitting(all, skipped);
    const best = Math.min(...group.map((one) => chooser.rank(one)));
    const preferred = group.filter((one) => chooser.rank(one) === best);
    const [first, ...others] = preferred.sort((a, b) => byText(a.path, b.path));
    if (!first) continue;
    for (const one of group) {
      if (!preferred.includes(one)) skipped.push(skip(one, 'same', `${place(first)} is preferred`));
    }
    if (others.length === 0 || allEqual(first, others)) {
      kept.push(first);
      for (const one of others) skipped.push(skip(one, 'same', `the same as ${place(first)}`));
      continue;
    }
    for (const one of preferred) {
      const elsewhere = preferred.filter((other) => other !== one).map(place);
      skipped.push(skip(one, 'clash', `its name clashes with ${elsewhere.join(', ')}`));
    }
  }
  return { kept, skipped };
}

function fitting(group: readonly Candidate[], skipped: Skipped[]): Candidate[] {
  return group.filter((one) => {
    const made = one.make();
    if (!isExtracted(made)) skipped.push(made);
    return isExtracted(made);
  });
}

function allEqual(first: Candidate, others: readonly Candidate[]): boolean {
  if (others.some(({ name }) => name !== first.name)) return false;
  const made = first.make();
  return (
    isExtracted(made) &&
    others.every((other) => {
      const also = other.make();
      return isExtracted(also) && sameFiles(also.files, made.files);
    })
  );
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

function place({ name, path, line }: Candidate): string {
  return `${name} in ${path}:${line}`;
}

function skip({ name, path, line }: Candidate, kind: 'clash' | 'same', reason: string): Skipped {
  return { path, class: name, kind, line, reason };
}
