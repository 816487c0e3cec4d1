/** The list of definitions that a computer should have, and how it is told that nothing has changed. */
import { createHash } from 'node:crypto';
import { notFound } from '../../errors.ts';
import type { SyncList, SyncQuery } from '../../schemas/sync.ts';
import { bindingsMatching } from '../../store/bindings.ts';
import { findComputer } from '../../store/computers.ts';
import type { Instrument } from '../../store/entities/index.ts';
import { instrumentsById } from '../../store/instruments.ts';
import { syncStamps } from '../../store/sync.ts';
import { type Caller, demand } from '../caller.ts';
import type { ReadRooms } from '../definitions/read-definitions.ts';
import { type Choice, choose, type Effective, pinsOf } from '../equipment/effective.ts';
import { showBinding, showComputer, showInstrument } from '../equipment/show.ts';
import type { Catalogue, Catalogues } from './catalogue.ts';

export interface SyncRooms extends ReadRooms {
  /** Of this program: another one may say more. */
  version: string;
  catalogues: Catalogues;
}

export interface SyncState {
  /** Compares weakly (RFC 9110, section 8.8.3.2): who made a definition may have changed their username. */
  etag: string;
  /** Reads the list, as the JSON of a `SyncList`; not before it is known that the caller lacks it. */
  list: () => Promise<string>;
}

/** For a computer alone. Costs one query until the list is asked for. */
export async function syncState(
  rooms: SyncRooms,
  caller: Caller,
  query: SyncQuery,
): Promise<SyncState> {
  demand(caller, { on: 'own-sync', do: 'use' }, rooms.rules, 'computer');
  if (caller.actor.kind !== 'computer') throw new Error('decided above');
  const { id, labId } = caller.actor;
  const stamps = await syncStamps(rooms.store.em(), { id, lab_id: labId });
  const generation = digest(stamps, rooms.version, rooms.publicUrl(), id, labId);
  const names = namesIn(query);
  const scope = query.scope ?? 'all';
  return {
    etag: `W/"${digest(generation, scope, names)}"`,
    async list() {
      const catalogue = await rooms.catalogues.of(caller, labId, stamps);
      return await writeList(rooms, catalogue, { id, generation, names, scope });
    },
  };
}

const digest = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);

function namesIn({ names = '' }: SyncQuery): string[] {
  const given = names.split(',').map((name) => name.trim().toLowerCase());
  return [...new Set(given)].filter(Boolean).sort();
}

interface Asked {
  id: number;
  generation: string;
  names: string[];
  scope: 'all' | 'bound';
}

/** What is the computer's own is read here, the rest is the catalogue's. */
async function writeList(
  { store }: SyncRooms,
  catalogue: Catalogue,
  { id, generation, names, scope }: Asked,
): Promise<string> {
  const em = store.em();
  const [computer, bindings] = await Promise.all([
    findComputer(em, id),
    bindingsMatching(em, { computer: id }),
  ]);
  if (!computer) throw notFound('computer');
  const instruments = await instrumentsById(
    em,
    bindings.map(({ instrument_id }) => instrument_id),
  );
  const bound = [...instruments.values()];
  const choices = await choicesOf(catalogue, bound);
  const others = scope === 'bound' ? [] : [...catalogue.own, ...(await named(catalogue, names))];
  const offers = offersOf([...choices.values()], others);
  const { last_seen: _, ...about } = showComputer(computer);
  const shown: SyncList['bindings'] = bindings.map((row) => {
    const instrument = instruments.get(row.instrument_id) as Instrument;
    const gets = choices.get(instrument)?.gets;
    const definition = gets ? { ...gets.definition, version: gets.version.version } : undefined;
    return { ...showBinding(row), instrument: showInstrument(instrument, definition) };
  });
  const warnings = [...choices.values()].flatMap(({ warning }) => warning ?? []);
  const definitions = await Promise.all(offers.map((offer) => textOf(catalogue, offer)));
  return `{"computer":${JSON.stringify(about)},"generation":"${generation}","definitions":[${definitions.join()}],"revoked":${catalogue.revoked},"bindings":${JSON.stringify(shown)},"policy":${catalogue.policy},"warnings":${JSON.stringify(warnings)}}`;
}

async function choicesOf(
  catalogue: Catalogue,
  instruments: readonly Instrument[],
): Promise<Map<Instrument, Choice>> {
  const ids = instruments.flatMap(({ definition_id }) => definition_id ?? []);
  const { definitions, newest } = await catalogue.find({ ids, names: [] });
  const pins = await catalogue.versionsAt(pinsOf(instruments));
  return new Map(
    instruments.map((instrument) => [instrument, choose(instrument, definitions, newest, pins)]),
  );
}

/** Definitions that somebody asked for, at their newest versions that stand. */
async function named(catalogue: Catalogue, names: readonly string[]): Promise<Effective[]> {
  const { definitions, newest } = await catalogue.find({ ids: [], names });
  return [...definitions.values()].flatMap((definition) => {
    const version = newest.get(definition.id);
    const asked = names.includes(definition.name.toLowerCase()) && definition.archived_at === null;
    return asked && version ? [{ definition, version, pinned: false }] : [];
  });
}

interface Offer extends Effective {
  bound: boolean;
}

/** One for each version: what instruments get, and what is there for whoever asks; by name. Pure. */
function offersOf(choices: readonly Choice[], others: readonly Effective[]): Offer[] {
  const offers = new Map<string, Offer>();
  const bound = choices.flatMap(({ gets }) => (gets ? [{ ...gets, bound: true }] : []));
  for (const offer of [...bound, ...others.map((other) => ({ ...other, bound: false }))]) {
    const key = `${offer.definition.id}@${offer.version.version}`;
    const known = offers.get(key);
    offers.set(key, known ? { ...known, pinned: known.pinned || offer.pinned } : offer);
  }
  const byName = ({ definition: { name } }: Offer) => name;
  return [...offers.values()].sort((a, b) =>
    byName(a) === byName(b)
      ? a.version.version - b.version.version
      : byName(a) < byName(b)
        ? -1
        : 1,
  );
}

async function textOf(catalogue: Catalogue, offer: Offer): Promise<string> {
  const { bound, pinned } = offer;
  return `${await catalogue.textOf(offer)},"bound":${bound},"pinned":${pinned}}`;
}
