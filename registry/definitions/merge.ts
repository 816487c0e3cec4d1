/** Merges the files of versions three ways, file by file. */
import { createHash } from 'node:crypto';

/** Each path with its content (mode and blob). Contents are compared, never read. */
export type Tree = ReadonlyMap<string, string>;

/**
 * One changed path. `old` is null if the path did not exist before the change, `new` if it does not exist after the
 * change.
 */
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
 * A key for a list of changes. An approval stays valid as long as the key stays the same. git's patch-id cannot be
 * used, because it ignores white space, which has meaning in Python.
 */
export function changesKey(changes: readonly PathChange[]): string {
  const list = changes.map((change) => [change.path, change.old, change.new]);
  return createHash('sha256').update(JSON.stringify(list)).digest('hex');
}

/**
 * The changes to apply to `main` so that `main` includes the changes of `head`. `conflicts` are paths that both sides
 * have changed differently since `base`; `changes` leaves these paths out.
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
