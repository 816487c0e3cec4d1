/** Suggests free names in place of taken ones. */
import { namesLike } from '../../definitions/free-names.ts';
import { definitionsNamed } from '../../store/indexing.ts';
import type { Store } from '../../store/open.ts';

/** Candidates for each name that are looked up together. */
const AT_ONCE = 6;
const ROUNDS = 5;

/**
 * A free name for each of these; none if too many candidates are taken. A suggestion reveals no more about
 * hidden definitions than a refused name does, because everybody who may propose can try every name.
 * @param reserved names that are promised although no definition has them yet
 */
export async function freeNames(
  store: Store,
  names: readonly string[],
  labCode: string | null,
  reserved: Iterable<string> = [],
): Promise<Map<string, string>> {
  const offers = new Map<string, string>();
  const unavailable = new Set([...reserved].map((name) => name.toLowerCase()));
  const candidates = new Map(names.map((name) => [name, namesLike(name, labCode)]));
  for (let round = 0; round < ROUNDS && candidates.size > 0; round++) {
    const next = new Map(
      [...candidates].map(([name, likes]) => [name, takeNext(likes, AT_ONCE)] as const),
    );
    const found = await definitionsNamed(store.em(), [...next.values()].flat());
    const taken = new Set(found.map(({ name }) => name.toLowerCase()));
    for (const [name, likes] of next) {
      const free = likes.find((like) => {
        const key = like.toLowerCase();
        return !taken.has(key) && !unavailable.has(key);
      });
      if (free === undefined) continue;
      offers.set(name, free);
      unavailable.add(free.toLowerCase());
      candidates.delete(name);
    }
  }
  return offers;
}

/** The next `count` candidates; more can be requested later. */
const takeNext = (likes: Generator<string>, count: number): string[] =>
  Array.from({ length: count }, () => likes.next().value as string);
