/** What of a computer's list is its own: itself, and what is bound to it. Kept for as long as its stamp stands. */
import { Kept } from '../../../repos/kept.ts';
import { type BindingRow, bindingsMatching } from '../../store/bindings.ts';
import { computersById } from '../../store/computers.ts';
import type { Computer, Instrument } from '../../store/entities/index.ts';
import { instrumentsById } from '../../store/instruments.ts';
import type { Store } from '../../store/open.ts';
import { together } from '../../store/together.ts';

export interface Own {
  computer: Computer;
  bindings: readonly BindingRow[];
  /** Those that are bound, by id. */
  instruments: ReadonlyMap<number, Instrument>;
}

/** Of all that is kept, in characters of JSON: settings can be large. */
const MOST_KEPT = 32 * 1024 * 1024;

export class OwnParts {
  readonly #kept = new Kept<{ own: Own; weight: number }>(MOST_KEPT, ({ weight }) => weight);
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** `stamp` was read before; undefined where the computer is gone. */
  async of(id: number, stamp: string): Promise<Own | undefined> {
    const key = `${id} ${stamp}`;
    const known = this.#kept.get(key);
    if (known) return known.own;
    const own = await read(this.#store, id);
    if (own) this.#kept.set(key, { own, weight: JSON.stringify(own.bindings).length + 2000 });
    return own;
  }
}

const read = together(async (store, ids: readonly number[]): Promise<Map<number, Own>> => {
  const em = store.em();
  const computers = await computersById(em, ids);
  const all = await bindingsMatching(em, { computers: ids });
  const bound = await instrumentsById(
    em,
    all.map(({ instrument_id }) => instrument_id),
  );
  const bindings = Map.groupBy(all, ({ computer }) => computer);
  return new Map(
    [...computers].map(([id, computer]) => {
      const own = bindings.get(id) ?? [];
      const instruments = own.flatMap(({ instrument_id }) => bound.get(instrument_id) ?? []);
      const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]));
      return [id, { computer, bindings: own, instruments: byId }];
    }),
  );
});
