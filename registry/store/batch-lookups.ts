/**
 * Answers simultaneous lookups with one query, because after a landing hundreds of computers ask the same
 * within a second. A lookup that arrives while a query runs waits for the next query, which serves all
 * waiting lookups, so no answer is older than its lookup.
 */
import type { Store } from './open.ts';

/** Answers many lookups of one kind. Keys without an answer are left out. */
export type AnswerAll<K, V> = (store: Store, keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;

interface Round<K, V> {
  keys: Set<K>;
  answers: Promise<ReadonlyMap<K, V>>;
}

/**
 * Looks up one key, together with all lookups that arrive meanwhile. Equal keys are looked up once, and at
 * most `most` keys per query. Do not use it within a transaction, because other lookups wait for it. A failed
 * query fails all its lookups.
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
