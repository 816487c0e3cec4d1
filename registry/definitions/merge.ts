/** Three-way merges of the paths of versions. */
import { createHash } from 'node:crypto';

/** Path to what stands there (mode and blob), compared and never looked into. */
export type Tree = ReadonlyMap<string, string>;

/** Null where the path is absent. */
export interface PathChange {
  path: string;
  old: string | null;
  new: string | null;
}

/** What leads from one tree to the other, by path. */
export function changesOf(base: Tree, head: Tree): PathChange[] {
  const paths = [...new Set([...base.keys(), ...head.keys()])].sort();
  return paths
    .map((path) => ({ path, old: base.get(path) ?? null, new: head.get(path) ?? null }))
    .filter((change) => change.old !== change.new);
}

/**
 * One key of the whole list: while it is the same, an approval holds. (git's patch-id ignores white space, which is
 * meaning in Python.)
 */
export function changesKey(changes: readonly PathChange[]): string {
  const list = changes.map((change) => [change.path, change.old, change.new]);
  return createHash('sha256').update(JSON.stringify(list)).digest('hex');
}

/** Paths that both sides have changed since `base`, and not to the same. */
export function touchedByBoth(base: Tree, head: Tree, main: Tree): string[] {
  return mergeTrees(base, head, main).conflicts;
}

/** What must be laid over `main` to have what `head` changed; `conflicts` are left out of it. */
export function mergeTrees(
  base: Tree,
  head: Tree,
  main: Tree,
): { changes: Map<string, string | null>; conflicts: string[] } {
  const changes = new Map<string, string | null>();
  const conflicts: string[] = [];
  for (const change of changesOf(base, head)) {
    const now = main.get(change.path) ?? null;
    if (now === change.new) continue;
    if (now === change.old) changes.set(change.path, change.new);
    else conflicts.push(change.path);
  }
  return { changes, conflicts };
}
