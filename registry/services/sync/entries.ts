/**
 * The entries of a lab's own definitions in sync lists, as text. After a landing, only the entries that have changed are
 * written again.
 */
import { setImmediate as breath } from 'node:timers/promises';
import { viewerOf } from '../../access/decide.ts';
import type { DefinitionSummary } from '../../store/definitions.ts';
import type { Version } from '../../store/entities/index.ts';
import { usernamesOf } from '../../store/indexing.ts';
import { definitionsWanted, entryStates } from '../../store/sync.ts';
import { newestStanding } from '../../store/versions.ts';
import type { Caller } from '../caller.ts';
import { offerOf } from '../definitions/offer.ts';
import type { ReadDeps } from '../definitions/read-definitions.ts';

/** Identifies an entry of a sync list, and decides its place. */
export interface Place {
  definition: Pick<DefinitionSummary, 'id' | 'name'>;
  version: Pick<Version, 'version'>;
}

interface Entry extends Place {
  /** See `entryStates`. */
  state: string;
}

/** Reading and writing this many entries takes about 10 ms. */
const AT_ONCE = 100;

/** The estimated size of an entry in memory without its text, in bytes. */
const ENTRY = 300;

export class Entries {
  /** In the order of sync lists. Each definition is at its newest version that is not revoked. */
  readonly list: readonly Place[];
  readonly #list: readonly Entry[];
  /** The texts of all entries, one after the other, as computers without bindings get them. */
  readonly #bytes: Buffer;
  /** The position in `#bytes` at which each entry begins; then the length of `#bytes`. */
  readonly #starts: readonly number[];

  private constructor(written: readonly (Entry & { text: Buffer })[]) {
    const sorted = written.toSorted(inOrder);
    this.#list = sorted.map(({ definition, version, state }) => ({ definition, version, state }));
    this.list = this.#list;
    this.#bytes = Buffer.concat(sorted.flatMap(({ text }) => [text, UNBOUND]));
    const starts = [0];
    for (const { text } of sorted) {
      starts.push((starts.at(-1) as number) + text.length + UNBOUND.length);
    }
    this.#starts = starts;
  }

  /** Takes the entries that have not changed from `before`, the entries of the same lab at an earlier time. */
  static async read(
    deps: ReadDeps,
    caller: Caller,
    labId: number,
    before?: Entries,
  ): Promise<Entries> {
    const states = await entryStates(deps.store.em(), labId);
    const known = before ? before.#unchanged(states) : [];
    const there = new Set(known.map(({ definition }) => definition.id));
    const missing = [...states.keys()].filter((id) => !there.has(id));
    const written = [];
    for (let at = 0; at < missing.length; at += AT_ONCE) {
      // Other requests are answered in between.
      if (at > 0) await breath();
      written.push(...(await writeEntries(deps, caller, missing.slice(at, at + AT_ONCE), states)));
    }
    return new Entries([...known, ...written]);
  }

  #unchanged(states: ReadonlyMap<number, string>): (Entry & { text: Buffer })[] {
    return this.#list.flatMap((entry, i) =>
      states.get(entry.definition.id) === entry.state ? [{ ...entry, text: this.textAt(i) }] : [],
    );
  }

  /** The entries from number `from` up to, but not including, number `to`, as one text. */
  between(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#starts[from], this.#starts[to]);
  }

  /** An entry as `entryText` writes it. */
  textAt(i: number): Buffer {
    const text = this.between(i, i + 1);
    return text.subarray(0, text.length - UNBOUND.length);
  }

  /** The estimated size in memory, in bytes. */
  get size(): number {
    return this.#bytes.length + this.#list.length * ENTRY;
  }
}

async function writeEntries(
  deps: ReadDeps,
  caller: Caller,
  ids: readonly number[],
  states: ReadonlyMap<number, string>,
): Promise<(Entry & { text: Buffer })[]> {
  const em = deps.store.em();
  const viewer = viewerOf(caller.actor, deps.rules);
  const definitions = await definitionsWanted(em, viewer, { ids, names: [] });
  const newest = await newestStanding(em, ids);
  const creators = await usernamesOf(
    em,
    definitions.map(({ created_by }) => created_by),
  );
  const found = definitions.flatMap((definition) => {
    const version = newest.get(definition.id);
    return version ? [{ definition, version }] : [];
  });
  return await Promise.all(
    found.map(async ({ definition, version }) => ({
      definition: { id: definition.id, name: definition.name },
      version: { version: version.version },
      state: states.get(definition.id) as string,
      text: await entryText(deps, definition, version, creators),
    })),
  );
}

/**
 * A comma and the JSON of an entry. The flags that differ between computers and the closing brace are missing; `flags`
 * adds them.
 */
export async function entryText(
  deps: ReadDeps,
  definition: DefinitionSummary,
  version: Version,
  creators: ReadonlyMap<number, string>,
): Promise<Buffer> {
  const shown = await offerOf(deps, definition, version, creators);
  return Buffer.from(`,${JSON.stringify(shown).slice(0, -1)}`);
}

/** The end of the JSON that `entryText` begins. */
export const flags = ({ bound, pinned }: { bound: boolean; pinned: boolean }): Buffer =>
  Buffer.from(`,"bound":${bound},"pinned":${pinned}}`);

const UNBOUND = flags({ bound: false, pinned: false });

export const keyOf = ({ definition, version }: Place): string =>
  `${definition.id}@${version.version}`;

/** Compares two entries of a sync list: first by name, then by version. */
export function inOrder(a: Place, b: Place): number {
  const [one, other] = [a.definition.name, b.definition.name];
  if (one === other) return a.version.version - b.version.version;
  return one < other ? -1 : 1;
}
