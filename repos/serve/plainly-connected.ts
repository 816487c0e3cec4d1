import { RepositoryError } from '../errors.ts';
import { MOST_ENTRIES } from '../limits.ts';
import type { ObjectStore } from '../object-store.ts';
import { isTree } from '../object-text.ts';
import type { Oid, Refs } from '../types.ts';

/**
 * Whether it shows at once that everything the new tips reach is there: each commit was pushed or has a ref on it, and
 * what a pushed tree names was pushed or stands in the tree of such a commit. So it is with nearly every push; where it
 * is not (a file of an older version comes back, say), this is false and git looks (connectivity.ts).
 */
export async function plainlyConnected(
  objects: ObjectStore,
  refs: Refs,
  pushed: ReadonlySet<Oid>,
  tips: readonly Oid[],
): Promise<boolean> {
  const complete = new Set([...refs.values()].map(({ oid, peeled }) => peeled ?? oid));
  const trees: Oid[] = [];
  const below = new Set<Oid>();
  const waiting = [...tips];
  const seen = new Set<Oid>();
  try {
    for (let oid = waiting.pop(); oid !== undefined; oid = waiting.pop()) {
      if (seen.has(oid)) continue;
      seen.add(oid);
      const { tree, parents } = await objects.readCommit(oid);
      if (complete.has(oid)) below.add(tree);
      else if (!pushed.has(oid)) return false;
      else {
        trees.push(tree);
        waiting.push(...parents);
      }
    }
    const known = await namesBelow(objects, below);
    return known !== undefined && (await areKnown(objects, trees, known, pushed));
  } catch (error) {
    if (error instanceof RepositoryError) return false;
    throw error;
  }
}

/** Every file and folder below these trees; undefined where there are too many. */
async function namesBelow(
  objects: ObjectStore,
  trees: ReadonlySet<Oid>,
): Promise<Set<Oid> | undefined> {
  const known = new Set<Oid>(trees);
  const waiting = [...trees];
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    for (const { mode, oid } of await objects.readTree(tree)) {
      if (known.has(oid)) continue;
      known.add(oid);
      if (known.size > MOST_ENTRIES) return undefined;
      if (isTree(mode)) waiting.push(oid);
    }
  }
  return known;
}

async function areKnown(
  objects: ObjectStore,
  trees: readonly Oid[],
  known: ReadonlySet<Oid>,
  pushed: ReadonlySet<Oid>,
): Promise<boolean> {
  const seen = new Set<Oid>();
  const waiting = [...trees];
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    if (known.has(tree) || seen.has(tree)) continue;
    seen.add(tree);
    if (!pushed.has(tree)) return false;
    for (const { mode, oid } of await objects.readTree(tree)) {
      if (isTree(mode)) waiting.push(oid);
      else if (!known.has(oid) && !pushed.has(oid)) return false;
    }
  }
  return true;
}
