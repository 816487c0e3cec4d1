/**
 * The part of sync lists that all computers of a lab share. This part is read once and cached as text until its stamps
 * change, because after a landing all computers request their lists at the same time.
 */

import type { Cache, Caches } from '../../../repos/caches.ts';
import { viewerOf } from '../../access/decide.ts';
import type { SyncList } from '../../schemas/sync.ts';
import type { DefinitionSummary } from '../../store/definitions.ts';
import type { Instrument, Version } from '../../store/entities/index.ts';
import { usernamesOf } from '../../store/indexing.ts';
import { instrumentsInService } from '../../store/instruments.ts';
import { findLab } from '../../store/labs.ts';
import {
  definitionsWanted,
  type Revoked,
  reinstatedVersions,
  revokedVersions,
} from '../../store/sync.ts';
import { newestStanding, versionsAt } from '../../store/versions.ts';
import type { Caller } from '../caller.ts';
import type { ReadDeps } from '../definitions/read-definitions.ts';
import { type Choice, choose, type Effective, pinsOf } from '../equipment/effective.ts';
import type { Taking } from '../equipment/foreign.ts';
import { showInstrument } from '../equipment/show.ts';
import { importPolicyOf } from '../lab-policy.ts';
import { Entries, entryText, keyOf } from './entries.ts';

interface Wanted {
  ids: readonly number[];
  /** Names of definitions in lower case. */
  names: readonly string[];
}

export class Catalogues {
  readonly #deps: ReadDeps;
  readonly #kept: Cache<Catalogue>;
  /** The key of each lab's newest catalogue. */
  readonly #newest = new Map<number, string>();

  constructor(deps: ReadDeps, caches: Caches) {
    this.#deps = deps;
    this.#kept = caches.open('sync_catalogues', ({ own }) => own.size, { largest: 1 });
  }

  /**
   * The catalogue for the lab of a computer. `stamps` must be read before this call. Concurrent calls share one
   * catalogue.
   */
  of(caller: Caller, labId: number, stamps: { lab: string; shared: string }): Promise<Catalogue> {
    const key = [labId, stamps.lab, stamps.shared].join(' ');
    return this.#kept.load(key, () => this.#read(caller, labId, key));
  }

  /** Reads a catalogue. Most entries are usually those of the lab's last catalogue, which this one replaces. */
  async #read(caller: Caller, labId: number, key: string): Promise<Catalogue> {
    const last = this.#newest.get(labId) ?? '';
    const before = this.#kept.get(last)?.own;
    const own = await Entries.read(this.#deps, caller, labId, before);
    const catalogue = await Catalogue.read(this.#deps, caller, labId, own);
    this.#kept.delete(last);
    this.#newest.set(labId, key);
    return catalogue;
  }
}

export class Catalogue {
  readonly own: Entries;
  /** The revoked versions of all definitions that the lab sees, as JSON. `reinstated` and `policy` are JSON too. */
  revoked = '[]';
  reinstated = '[]';
  policy = '{}';
  /** The lab, with its policy for definitions of other labs. */
  lab: Taking = { id: 0, public_definitions: 'follow' };
  readonly #deps: ReadDeps;
  readonly #caller: Caller;
  readonly #definitions = new Map<number, DefinitionSummary>();
  /** The names of all loaded definitions, in lower case. */
  readonly #names = new Set<string>();
  readonly #usernames = new Map<number, string>();
  readonly #newest = new Map<number, Version>();
  readonly #versions = new Map<string, Version>();
  readonly #texts = new Map<string, Promise<Buffer>>();
  #instruments: Promise<string> | undefined;

  private constructor(deps: ReadDeps, caller: Caller, own: Entries) {
    this.own = own;
    this.#deps = deps;
    this.#caller = caller;
  }

  static async read(
    deps: ReadDeps,
    caller: Caller,
    labId: number,
    own: Entries,
  ): Promise<Catalogue> {
    const catalogue = new Catalogue(deps, caller, own);
    const em = deps.store.em();
    const viewer = viewerOf(caller.actor, deps.rules);
    catalogue.revoked = JSON.stringify((await revokedVersions(em, viewer)).map(showRevoked));
    catalogue.reinstated = JSON.stringify(await reinstatedVersions(em, viewer));
    const lab = await findLab(em, labId);
    if (lab) catalogue.lab = lab;
    const { banned, allowed } = importPolicyOf(lab);
    const policy: SyncList['policy'] = { banned_imports: banned, allowed_imports: allowed };
    catalogue.policy = JSON.stringify(policy);
    return catalogue;
  }

  /**
   * Finds the definitions that the lab sees, each at its newest version that is not revoked. The search takes at
   * most three queries.
   */
  async find({ ids, names }: Wanted): Promise<{
    definitions: ReadonlyMap<number, DefinitionSummary>;
    newest: ReadonlyMap<number, Version>;
  }> {
    const missing = {
      ids: ids.filter((id) => !this.#definitions.has(id)),
      names: names.filter((name) => !this.#names.has(name)),
    };
    if (missing.ids.length + missing.names.length > 0) await this.#load(missing);
    return { definitions: this.#definitions, newest: this.#newest };
  }

  /** Loads the versions, including revoked ones, with at most one query. */
  async versionsAt(wanted: readonly { definition_id: number; version: number }[]) {
    const keys = new Map(wanted.map((one) => [`${one.definition_id}@${one.version}`, one]));
    const missing = [...keys].filter(([key]) => !this.#versions.has(key));
    const read = await versionsAt(
      this.#deps.store.em(),
      missing.map(([, one]) => one),
    );
    for (const version of read) {
      this.#versions.set(`${version.definition_id}@${version.version}`, version);
    }
    return [...keys.keys()].flatMap((key) => this.#versions.get(key) ?? []);
  }

  /** Chooses the effective version for each instrument. */
  async choicesOf(instruments: readonly Instrument[]): Promise<Map<Instrument, Choice>> {
    const ids = instruments.flatMap(({ definition_id }) => definition_id ?? []);
    const { definitions, newest } = await this.find({ ids, names: [] });
    const pins = await this.versionsAt(pinsOf(instruments));
    return new Map(
      instruments.map((instrument) => [
        instrument,
        choose(instrument, this.lab, definitions, newest, pins),
      ]),
    );
  }

  /** The lab's instruments that are in service, as JSON. Computers of the lab may bind these instruments. */
  instruments(): Promise<string> {
    this.#instruments ??= this.#writeInstruments().catch((error) => {
      this.#instruments = undefined;
      throw error;
    });
    return this.#instruments;
  }

  async #writeInstruments(): Promise<string> {
    const rows = await instrumentsInService(this.#deps.store.em(), this.lab.id);
    const choices = await this.choicesOf(rows);
    const shown: SyncList['instruments'] = rows.map((row) => {
      const gets = choices.get(row)?.gets;
      const definition = gets ? { ...gets.definition, version: gets.version.version } : undefined;
      const { specifications, extra_data, ...about } = showInstrument(row, definition);
      return about;
    });
    return JSON.stringify(shown);
  }

  /** See `entryText`. */
  textOf({ definition, version }: Effective): Promise<Buffer> {
    const key = keyOf({ definition, version });
    const known = this.#texts.get(key);
    if (known) return known;
    const text = entryText(this.#deps, definition, version, this.#usernames);
    this.#texts.set(key, text);
    // A failed read is not cached, so that the next call tries again.
    text.catch(() => this.#texts.delete(key));
    return text;
  }

  async #load(wanted: Wanted): Promise<void> {
    const em = this.#deps.store.em();
    const viewer = viewerOf(this.#caller.actor, this.#deps.rules);
    const definitions = await definitionsWanted(em, viewer, wanted);
    const ids = definitions.map(({ id }) => id);
    for (const [id, version] of await newestStanding(em, ids)) this.#newest.set(id, version);
    const creators = definitions.map(({ created_by }) => created_by);
    for (const [id, name] of await usernamesOf(em, creators)) this.#usernames.set(id, name);
    for (const definition of definitions) {
      this.#definitions.set(definition.id, definition);
      this.#names.add(definition.name.toLowerCase());
    }
  }
}

export function showRevoked({ revoked, ...version }: Revoked): SyncList['revoked'][number] {
  const { reason = '', at = '' } = revoked as { reason?: string; at?: string };
  return { ...version, reason, at };
}
