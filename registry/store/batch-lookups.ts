/**
 * Questions that come at the same time, answered together: after a landing hundreds of computers ask the same within
 * a second. Whoever asks while an answer is on its way waits for the next one, which is for all who wait by then, so that
 * no answer is older than its question.
 */
import type { Store } from './open.ts';

/** Answers many questions of one kind; those without an answer are left out. */
export type AnswerAll<K, V> = (store: Store, keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;

interface Round<K, V> {
  keys: Set<K>;
  answers: Promise<ReadonlyMap<K, V>>;
}

/**
 * Asks one question, with all that are asked meanwhile; questions that are the same key are asked once, and not more than
 * `most` together. Not for use within a transaction: other questions wait for it. A failure is the failure of all who
 * asked with it.
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
