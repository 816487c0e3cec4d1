/**
 * The part of a sync list that belongs to one computer: the computer and its bindings. Cached until its stamp changes.
 */
import type { Cache, Caches } from '../../../repos/caches.ts';
import { batchLookups } from '../../store/batch-lookups.ts';
import { type BindingRow, bindingsMatching } from '../../store/bindings.ts';
import { computersById } from '../../store/computers.ts';
import type { Computer, Instrument } from '../../store/entities/index.ts';
import { instrumentsById } from '../../store/instruments.ts';
import type { Store } from '../../store/open.ts';

export interface Own {
  computer: Computer;
  bindings: readonly BindingRow[];
  /** The instruments that are bound to the computer, by id. */
  instruments: ReadonlyMap<number, Instrument>;
}

/** The estimated size in memory of a computer and of its instruments, in bytes. */
const ROWS = 2000;

export class OwnParts {
  readonly #kept: Cache<Own>;
  readonly #store: Store;

  constructor(store: Store, caches: Caches) {
    this.#store = store;
    // Bindings are measured, because their settings can be large.
    this.#kept = caches.open(
      'sync_computers',
      ({ bindings }) => JSON.stringify(bindings).length + ROWS,
    );
  }

  /** `stamp` must be read before this call. Returns undefined if the computer no longer exists. */
  async of(id: number, stamp: string): Promise<Own | undefined> {
    const key = `${id} ${stamp}`;
    const known = this.#kept.get(key);
    if (known) return known;
    const own = await read(this.#store, id);
    if (own) this.#kept.set(key, own);
    return own;
  }
}

const read = batchLookups(async (store, ids: readonly number[]): Promise<Map<number, Own>> => {
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
