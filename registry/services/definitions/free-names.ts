/** Suggests free names in place of taken ones. */
import { namesLike } from '../../definitions/free-names.ts';
import { definitionsNamed } from '../../store/indexing.ts';
import type { Store } from '../../store/open.ts';

/** How many candidates for each taken name one query looks up. */
const AT_ONCE = 6;
const ROUNDS = 5;

/**
 * Suggests a free name for each taken name. A name gets no suggestion if too many candidates are taken. Suggestions
 * reveal nothing new about hidden definitions, because everybody who may propose can find out whether a name is taken.
 * @param reserved names that must not be suggested although no definition has them yet
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

/** The next `count` candidates. */
const takeNext = (likes: Generator<string>, count: number): string[] =>
  Array.from({ length: count }, () => likes.next().value as string);
