/**
 * Builds the list of definitions for a computer (the sync list), and the ETag that shows whether the list has changed.
 */
import { createHash } from 'node:crypto';
import { notFound } from '../../errors.ts';
import type { SyncList, SyncQuery } from '../../schemas/sync.ts';
import type { Statement } from '../../signing/statement.ts';
import { batchLookups } from '../../store/batch-lookups.ts';
import type { Instrument } from '../../store/entities/index.ts';
import { type Asking, syncStamps } from '../../store/sync.ts';
import { authorize, type Caller } from '../caller.ts';
import type { ReadDeps } from '../definitions/read-definitions.ts';
import type { Choice, Effective } from '../equipment/effective.ts';
import { isForeign } from '../equipment/foreign.ts';
import { showBinding, showComputer, showInstrument } from '../equipment/show.ts';
import type { Catalogue, Catalogues } from './catalogue.ts';
import { flags, inOrder, keyOf, type Place } from './entries.ts';
import type { Own, OwnParts } from './own.ts';

export interface SyncDeps extends ReadDeps {
  /** The version of the registry. The version is part of the ETag, because another version may write other lists. */
  version: string;
  catalogues: Catalogues;
  ownParts: OwnParts;
}

export interface SyncState {
  /** A weak ETag (RFC 9110, section 8.8.3.2), because the ETag stays the same when a creator's username changes. */
  etag: string;
  /** The fields of the signed statement other than the digest of the list. */
  about: Pick<Statement, 'audience' | 'number' | 'timeline'>;
  /**
   * Reads the list, as the JSON of a `SyncList` in pieces. Lists of one lab share most pieces. Call `list` only if the
   * list must be sent.
   */
  list: () => Promise<Buffer[]>;
}

const stampsOf = batchLookups((store, computers: readonly Asking[]) =>
  syncStamps(store.em(), computers),
);

/** The state of a computer's list. Only a computer may call this. Only reading the list takes more than one query. */
export async function syncState(
  deps: SyncDeps,
  caller: Caller,
  query: SyncQuery,
): Promise<SyncState> {
  authorize(caller, { on: 'own-sync', do: 'use' }, deps.rules, 'computer');
  if (caller.actor.kind !== 'computer') throw new Error('decided above');
  const { id, labId } = caller.actor;
  const stamps = await stampsOf(deps.store, { id, lab_id: labId });
  if (!stamps) throw new Error('stamps are given for each that is asked for');
  const { lab, computer, shared } = stamps;
  const made = { lab, computer, shared };
  const generation = digest(made, deps.version, deps.publicUrl(), id, labId);
  const names = namesIn(query);
  const scope = query.scope ?? 'all';
  return {
    etag: `W/"${digest(generation, scope, names)}"`,
    about: { audience: `computer:${id}`, number: stamps.number, timeline: stamps.timeline },
    async list() {
      const [catalogue, own] = await Promise.all([
        deps.catalogues.of(caller, labId, stamps),
        deps.ownParts.of(id, stamps.computer),
      ]);
      if (!own) throw notFound('computer');
      return await writeList(catalogue, own, { generation, names, scope });
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
  generation: string;
  names: string[];
  scope: 'all' | 'bound';
}

async function writeList(
  catalogue: Catalogue,
  { computer, bindings, instruments }: Own,
  { generation, names, scope }: Asked,
): Promise<Buffer[]> {
  const choices = await catalogue.choicesOf([...instruments.values()]);
  const others = scope === 'bound' ? [] : await findNamed(catalogue, names);
  const offers = offersOf([...choices.values()], others);
  const { last_seen: _, ...about } = showComputer(computer);
  const shown: SyncList['bindings'] = bindings.map((row) => {
    const instrument = instruments.get(row.instrument_id) as Instrument;
    const gets = choices.get(instrument)?.gets;
    const definition = gets ? { ...gets.definition, version: gets.version.version } : undefined;
    return { ...showBinding(row), instrument: showInstrument(instrument, definition) };
  });
  const inService = scope === 'bound' ? '[]' : await catalogue.instruments();
  const warnings = [...choices.values()].flatMap(({ warning }) => warning ?? []);
  return [
    Buffer.from(
      `{"computer":${JSON.stringify(about)},"generation":"${generation}","asked":${JSON.stringify({ scope, names })},"definitions":[`,
    ),
    ...(await piecesOf(catalogue, offers, scope === 'bound')),
    Buffer.from(
      `],"revoked":${catalogue.revoked},"reinstated":${catalogue.reinstated},"bindings":${JSON.stringify(shown)},"instruments":${inService},"policy":${catalogue.policy},"warnings":${JSON.stringify(warnings)}}`,
    ),
  ];
}

/**
 * The JSON of the offers and, unless `onlyOffers`, of the lab's own entries, in order. An offer replaces the same
 * version of the same definition.
 */
async function piecesOf(
  catalogue: Catalogue,
  offers: readonly Offer[],
  onlyOffers: boolean,
): Promise<Buffer[]> {
  const list = onlyOffers ? [] : catalogue.own.list;
  const pieces: Buffer[] = [];
  let at = 0;
  for (const offer of offers) {
    const place = placeOf(offer, list);
    pieces.push(catalogue.own.between(at, place), await catalogue.textOf(offer), flags(offer));
    const known = list[place];
    at = known && keyOf(known) === keyOf(offer) ? place + 1 : place;
  }
  pieces.push(catalogue.own.between(at, list.length));
  const [first, ...rest] = pieces.filter(({ length }) => length > 0);
  // Each text begins with a comma, which the first must not have.
  return first ? [first.subarray(1), ...rest] : [];
}

/** The position in the list at which the offer belongs, found by binary search. */
function placeOf(offer: Place, list: readonly Place[]): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (inOrder(list[middle] as Place, offer) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The definitions that the request names, each at its newest version that is not revoked. */
async function findNamed(catalogue: Catalogue, names: readonly string[]): Promise<Effective[]> {
  if (names.length === 0) return [];
  const { definitions, newest } = await catalogue.find({ ids: [], names });
  return [...definitions.values()].flatMap((definition) => {
    const version = newest.get(definition.id);
    const { id, public_definitions } = catalogue.lab;
    // If the lab pins definitions of other labs, only its instruments decide which versions its computers get.
    if (public_definitions !== 'follow' && isForeign(definition, id)) return [];
    const wanted = names.includes(definition.name.toLowerCase()) && definition.archived_at === null;
    return wanted && version ? [{ definition, version, pinned: false }] : [];
  });
}

interface Offer extends Effective {
  bound: boolean;
}

/** The versions for instruments and the requested versions, in order and without duplicates. Pure. */
function offersOf(choices: readonly Choice[], others: readonly Effective[]): Offer[] {
  const offers = new Map<string, Offer>();
  const bound = choices.flatMap(({ gets }) => (gets ? [{ ...gets, bound: true }] : []));
  for (const offer of [...bound, ...others.map((other) => ({ ...other, bound: false }))]) {
    const known = offers.get(keyOf(offer));
    offers.set(keyOf(offer), known ? { ...known, pinned: known.pinned || offer.pinned } : offer);
  }
  return [...offers.values()].sort(inOrder);
}
