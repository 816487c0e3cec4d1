/**
 * Combines simultaneous lookups into one query, because after a landing hundreds of computers send the same request
 * within a second. A lookup that arrives during a query waits for the next query. So no answer is older than its lookup.
 */
import type { Store } from './open.ts';

/** Looks up many keys with one query. The result leaves out keys that were not found. */
export type AnswerAll<K, V> = (store: Store, keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;

interface Round<K, V> {
  keys: Set<K>;
  answers: Promise<ReadonlyMap<K, V>>;
}

/**
 * Returns a function that looks up one key, together with other waiting lookups. A query looks up equal keys once, and at
 * most `most` keys. If a query fails, all its lookups fail. Do not call the function within a transaction, because other
 * callers wait for the same query.
 */
export function batchLookups<K, V>(
  answerAll: AnswerAll<K, V>,
  most = 500,
): (store: Store, key: K) => Promise<V | undefined> {
  const rounds = new WeakMap<Store, { next: Round<K, V> | undefined; last: Promise<unknown> }>();

  return async (store, key) => {
    const at = rounds.get(store) ?? { next: undefined, last: Promise.resolve() };
    rounds.set(store, at);
    if (at.next === undefined || at.next.keys.size >= most) {
      const keys = new Set<K>();
      const answers = at.last.then(() => {
        if (at.next?.keys === keys) at.next = undefined;
        return answerAll(store, [...keys]);
      });
      at.next = { keys, answers };
      at.last = answers.catch(() => undefined);
    }
    const { keys, answers } = at.next;
    keys.add(key);
    return (await answers).get(key);
  };
}
