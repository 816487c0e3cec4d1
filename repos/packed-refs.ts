/** Parses and formats git's `packed-refs` file, and applies updates to refs. Pure. */
import { RepositoryError } from './errors.ts';
import { isRefName } from './ref-names.ts';
import type { Oid, Ref, Refs, RefUpdate } from './types.ts';

/**
 * Tells readers that the names are in byte order and that every annotated tag has a line with its target. So a reader
 * needs neither to sort the names nor to open the tags (refs/packed-backend.c in git's source).
 */
const HEADER = '# pack-refs with: peeled fully-peeled sorted \n';
const REF_LINE = /^([0-9a-f]{40}) (.+)$/s;
const PEELED_LINE = /^\^([0-9a-f]{40})$/;

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Throws `bad_object` for a line that git does not write. */
export function parsePackedRefs(text: string): Refs {
  const refs = new Map<string, Ref>();
  let last: Ref | undefined;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const peeled = PEELED_LINE.exec(line)?.[1];
    const [, oid, name] = REF_LINE.exec(line) ?? [];
    if (peeled !== undefined && last !== undefined) {
      last.peeled = peeled;
    } else if (oid !== undefined && name !== undefined) {
      last = { oid };
      refs.set(name, last);
    } else {
      throw new RepositoryError('bad_object', `packed-refs has a line that is not a ref: ${line}`);
    }
  }
  return sorted(refs);
}

export function formatPackedRefs(refs: Refs): string {
  let text = HEADER;
  for (const [name, { oid, peeled }] of sorted(refs)) {
    text += `${oid} ${name}\n`;
    if (peeled !== undefined) text += `^${peeled}\n`;
  }
  return text;
}

export function sorted(refs: Refs): Refs {
  return new Map([...refs].sort(([a], [b]) => byBytes(a, b)));
}

/**
 * Returns the refs after the updates. `peel` returns the object that an annotated tag points to.
 *
 * Throws `ref_conflict` if a ref is not at its `from`, if one ref's name is a folder of another (`a` and `a/b`), or if two
 * updates name the same ref. Throws `bad_name` for a name that git-check-ref-format(1) refuses.
 */
export function applyUpdates(
  refs: Refs,
  updates: readonly RefUpdate[],
  peel: (oid: Oid) => Oid | undefined,
): Refs {
  const next = new Map(refs);
  const seen = new Set<string>();
  for (const { ref, from, to } of updates) {
    if (!isRefName(ref)) throw new RepositoryError('bad_name', `${ref} cannot name a ref`);
    if (seen.has(ref)) throw new RepositoryError('ref_conflict', `${ref} is updated twice`);
    seen.add(ref);
    const now = refs.get(ref)?.oid ?? null;
    if (now !== from) {
      const message = `${ref} is ${now ?? 'absent'}, not ${from ?? 'absent'}`;
      throw new RepositoryError('ref_conflict', message);
    }
    if (to === null) {
      next.delete(ref);
    } else {
      const peeled = peel(to);
      next.set(ref, peeled === undefined ? { oid: to } : { oid: to, peeled });
    }
  }
  refuseFolders(next, updates);
  return sorted(next);
}

/** Refuses a ref with a name that is a folder of another ref: git could not store both as files below `refs/`. */
function refuseFolders(refs: Refs, updates: readonly RefUpdate[]): void {
  const added = updates.filter(({ from, to }) => from === null && to !== null);
  for (const { ref } of added) {
    for (let at = ref.indexOf('/'); at !== -1; at = ref.indexOf('/', at + 1)) {
      if (refs.has(ref.slice(0, at))) conflict(ref.slice(0, at), ref);
    }
    for (const name of refs.keys()) {
      if (name.startsWith(`${ref}/`)) conflict(ref, name);
    }
  }
}

function conflict(folder: string, ref: string): never {
  throw new RepositoryError('ref_conflict', `${folder} and ${ref} cannot both be refs`);
}
