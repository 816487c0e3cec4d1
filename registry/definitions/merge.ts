/** Three-way merges of the paths of versions. */
import { createHash } from 'node:crypto';

/** Path to content (mode and blob), which is compared but never read. */
export type Tree = ReadonlyMap<string, string>;

/** Null if the path is absent. */
export interface PathChange {
  path: string;
  old: string | null;
  new: string | null;
}

/** The changes from one tree to the other, by path. */
export function changesOf(base: Tree, head: Tree): PathChange[] {
  const paths = [...new Set([...base.keys(), ...head.keys()])].sort();
  return paths
    .map((path) => ({ path, old: base.get(path) ?? null, new: head.get(path) ?? null }))
    .filter((change) => change.old !== change.new);
}

/**
 * One key for the whole list: an approval is valid while it stays the same. (git's patch-id ignores white
 * space, which has meaning in Python.)
 */
export function changesKey(changes: readonly PathChange[]): string {
  const list = changes.map((change) => [change.path, change.old, change.new]);
  return createHash('sha256').update(JSON.stringify(list)).digest('hex');
}

/**
 * What to apply to `main` to include the changes of `head`. `conflicts` are the paths that both sides have changed since `base`
 * to different contents; `changes` leaves them out.
 */
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
