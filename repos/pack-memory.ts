/**
 * What isomorphic-git keeps of the packs that it has read: their bytes, their parsed indexes and the
 * bases of deltas. It never lets go of them by itself, so the caches of all repositories are counted
 * together here, and the least recently used are dropped.
 */

/** Of all caches together, as far as they can be weighed from outside. Bytes. */
const LIMIT = 64 * 1024 * 1024;

interface Held {
  /** isomorphic-git's `cache` parameter. */
  cache: object;
  bytes: number;
}

const all = new Map<object, Held>();
let total = 0;

/** The cache of this reader, an empty one where it has none or it was dropped. */
export function cacheOf(reader: object): object {
  const held = all.get(reader) ?? { cache: {}, bytes: 0 };
  all.delete(reader);
  all.set(reader, held);
  return held.cache;
}

/** Tells that the cache of this reader has grown; drops caches, perhaps this one, until the rest fits. */
export function grow(reader: object, bytes: number): void {
  const held = all.get(reader);
  if (held === undefined) return;
  held.bytes += bytes;
  total += bytes;
  for (const oldest of all.keys()) {
    if (total <= LIMIT) return;
    forget(oldest);
  }
}

export function forget(reader: object): void {
  total -= all.get(reader)?.bytes ?? 0;
  all.delete(reader);
}

/** Bytes held now. */
export function held(): number {
  return total;
}
