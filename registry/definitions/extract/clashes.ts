/**
 * Chooses between candidates for the same name. Names of definitions are unique, and upper and lower case count as
 * equal.
 */
import type { Chooser } from './choice.ts';
import { basename, byText, dirname } from './paths.ts';
import type { Extracted, Skipped } from './types.ts';

/** A class that may become a definition. */
export interface Candidate {
  path: string;
  /** The name of the class; `newName` if the definition gets another name. */
  name: string;
  newName?: string;
  line: number;
  /**
   * Creates the definition, or tells why that is impossible. The header does not yet contain facts from folder names.
   */
  make: () => Extracted | Skipped;
}

/** The name that the definition would have. */
export const nameOf = ({ name, newName }: Candidate): string => newName ?? name;

export const isExtracted = (made: Extracted | Skipped): made is Extracted => 'files' in made;

/**
 * Resolves clashes of names. Identical definitions are imported once, from the first path. Of different definitions,
 * the preferred one is imported. A file whose name marks it as a copy or backup loses to the original. In all other
 * cases the registry cannot know which definition is meant, so it skips all of them and names their places.
 */
export function withoutClashes(
  all: readonly Candidate[],
  chooser: Chooser,
): { kept: Candidate[]; skipped: Skipped[] } {
  const groups = new Map<string, Candidate[]>();
  for (const found of all) {
    const key = nameOf(found).toLowerCase();
    const group = groups.get(key);
    if (group) group.push(found);
    else groups.set(key, [found]);
  }
  const kept: Candidate[] = [];
  const skipped: Skipped[] = [];
  for (const all of groups.values()) {
    const fit = all.length === 1 ? all : fitting(all, skipped);
    const best = Math.min(...fit.map((one) => chooser.rank(one)));
    const preferred = withoutCopies(
      fit.filter((one) => chooser.rank(one) === best),
      skipped,
    );
    const [first, ...others] = preferred.sort((a, b) => byText(a.path, b.path));
    if (!first) continue;
    for (const one of fit) {
      if (chooser.rank(one) !== best)
        skipped.push(skip(one, 'same', `${place(first)} is preferred`));
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
  if (others.some(({ name, newName }) => name !== first.name || newName !== first.newName))
    return false;
  const made = first.make();
  return (
    isExtracted(made) &&
    others.every((other) => {
      const also = other.make();
      return isExtracted(also) && sameFiles(also.files, made.files);
    })
  );
}

function withoutCopies(group: readonly Candidate[], skipped: Skipped[]): Candidate[] {
  return group.filter((one) => {
    const original = group.find((other) => isCopyOf(one.path, other.path));
    if (original)
      skipped.push(skip(one, 'same', `in a copy of ${original.path}, going by the file's name`));
    return original === undefined;
  });
}

const PREFIX = /^(?:copy (?:\(\d+\) )?of |(?:old|bak|backup|copy)[-_. ])(.+)$/;
/** One mark of a copy. Marks are read one by one: a pattern for any number of them would take exponential time. */
const SUFFIX =
  /[-_. ]+\(?(?:another |\d+(?:st|nd|rd|th) )?(?:old|bak|backup|orig|save|copy|kopie|prev|previous|\d{4}-?\d\d-?\d\d)(?:[-_. ]?(?:\d{4}-?\d\d-?\d\d|\d+))?\)?| ?\(\d+\)/y;

function isMarks(text: string): boolean {
  SUFFIX.lastIndex = 0;
  do if (!SUFFIX.test(text)) return false;
  while (SUFFIX.lastIndex < text.length);
  return true;
}

const ATTIC = /^(old|bak|backups?|archived?|attic|trash|deprecated|obsolete|unused)$/i;

/** Whether the name of a file, or of a folder around it, marks it as a copy or backup of the other file. */
export function isCopyOf(path: string, other: string): boolean {
  if (path === other) return false;
  const stem = (one: string): string =>
    basename(one)
      .replace(/\.pyw?$/i, '')
      .toLowerCase();
  if (dirname(path) === dirname(other)) {
    const [one, original] = [stem(path), stem(other)];
    if (PREFIX.exec(one)?.[1] === original) return true;
    return one.startsWith(original) && isMarks(one.slice(original.length));
  }
  const inAttic = (one: string): boolean =>
    dirname(one)
      .split('/')
      .some((part) => ATTIC.test(part));
  return stem(path) === stem(other) && inAttic(path) && !inAttic(other);
}

/** Whether two definitions have the same paths with the same bytes. */
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
