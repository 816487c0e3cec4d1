/** The list of definitions that a computer should have, and how it is told that nothing has changed. */
import { createHash } from 'node:crypto';
import { viewerOf } from '../../access/decide.ts';
import { notFound } from '../../errors.ts';
import type { OfferedDefinition, SyncList, SyncQuery } from '../../schemas/sync.ts';
import { bindingsMatching } from '../../store/bindings.ts';
import { findComputer } from '../../store/computers.ts';
import type { Instrument, Lab } from '../../store/entities/index.ts';
import { usernamesOf } from '../../store/indexing.ts';
import { instrumentsById } from '../../store/instruments.ts';
import { findLab } from '../../store/labs.ts';
import { definitionsWanted, revokedVersions, syncStamps } from '../../store/sync.ts';
import type { EntityManager } from '../../store/types.ts';
import { newestStanding, versionsAt } from '../../store/versions.ts';
import { type Caller, demand } from '../caller.ts';
import { type Choice, choose, type Effective, pinsOf } from '../equipment/effective.ts';
import { showBinding, showComputer, showInstrument } from '../equipment/show.ts';
import { policyOf } from '../find-definition.ts';
import { type ReadRooms, summary } from '../read-definitions.ts';
import { contentAt } from '../version-content.ts';

export interface SyncRooms extends ReadRooms {
  /** Of this program: another one may say more. */
  version: string;
}

export interface SyncState {
  /** Compares weakly (RFC 9110, section 8.8.3.2): who made a definition may have changed their username. */
  etag: string;
  /** Reads the list; not before it is known that the caller lacks it. */
  list: () => Promise<SyncList>;
}

/** For a computer alone. Costs one query until the list is asked for. */
export async function syncState(
  rooms: SyncRooms,
  caller: Caller,
  query: SyncQuery,
): Promise<SyncState> {
  demand(caller, { on: 'own-sync', do: 'use' }, rooms.rules, 'computer');
  if (caller.actor.kind !== 'computer') throw new Error('decided above');
  const { id, labId: lab_id } = caller.actor;
  const em = rooms.store.em();
  const stamps = await syncStamps(em, { id, lab_id });
  const names = namesIn(query);
  const about = [rooms.version, rooms.publicUrl(), id, lab_id];
  const generation = digest(stamps, ...about);
  return {
    etag: `W/"${digest(generation, query.scope ?? 'all', names)}"`,
    list: () => readList(rooms, em, caller, { id, generation, names, scope: query.scope }),
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
  scope: SyncQuery['scope'];
}

/** A dozen queries, however many definitions there are. */
async function readList(
  rooms: SyncRooms,
  em: EntityManager,
  caller: Caller,
  { id, generation, names, scope }: Asked,
): Promise<SyncList> {
  const computer = await findComputer(em, id);
  if (!computer) throw notFound('computer');
  const viewer = viewerOf(caller.actor, rooms.rules);
  const bindings = await bindingsMatching(em, { computer: id });
  const instruments = await instrumentsById(
    em,
    bindings.map(({ instrument_id }) => instrument_id),
  );
  const bound = [...instruments.values()];
  const definitions = await definitionsWanted(em, viewer, {
    lab: scope === 'bound' ? undefined : computer.lab_id,
    ids: bound.flatMap(({ definition_id }) => definition_id ?? []),
    names: scope === 'bound' ? [] : names,
  });
  const known = new Map(definitions.map((definition) => [definition.id, definition]));
  const newest = await newestStanding(em, [...known.keys()]);
  const pins = await versionsAt(em, pinsOf(bound));
  const choices = new Map(
    bound.map((instrument) => [instrument, choose(instrument, known, newest, pins)]),
  );
  const offers = offersOf(
    [...choices.values()],
    definitions.flatMap((definition) => {
      const version = newest.get(definition.id);
      const wanted =
        scope !== 'bound' &&
        definition.archived_at === null &&
        (definition.lab_id === computer.lab_id || names.includes(definition.name.toLowerCase()));
      return wanted && version ? [{ definition, version, pinned: false }] : [];
    }),
  );
  const usernames = await usernamesOf(
    em,
    definitions.map(({ created_by }) => created_by),
  );
  const { last_seen: _, ...about } = showComputer(computer);
  return {
    computer: about,
    generation,
    definitions: await Promise.all(offers.map((offer) => showOffer(rooms, offer, usernames))),
    revoked: (await revokedVersions(em, viewer)).map(showRevoked),
    bindings: bindings.map((row) => {
      const instrument = instruments.get(row.instrument_id) as Instrument;
      const gets = choices.get(instrument)?.gets;
      const definition = gets ? { ...gets.definition, version: gets.version.version } : undefined;
      return { ...showBinding(row), instrument: showInstrument(instrument, definition) };
    }),
    policy: showPolicy(await findLab(em, computer.lab_id)),
    warnings: [...choices.values()].flatMap(({ warning }) => warning ?? []),
  };
}

interface Offer extends Effective {
  bound: boolean;
}

/** One for each version: what instruments get, and what is there for whoever asks. Pure. */
function offersOf(choices: readonly Choice[], others: readonly Effective[]): Offer[] {
  const offers = new Map<string, Offer>();
  const bound = choices.flatMap(({ gets }) => (gets ? [{ ...gets, bound: true }] : []));
  for (const offer of [...bound, ...others.map((other) => ({ ...other, bound: false }))]) {
    const key = `${offer.definition.id}@${offer.version.version}`;
    const known = offers.get(key);
    offers.set(key, known ? { ...known, pinned: known.pinned || offer.pinned } : offer);
  }
  return [...offers.values()].sort(
    (a, b) =>
      a.definition.name.localeCompare(b.definition.name, 'en') ||
      a.version.version - b.version.version,
  );
}

async function showOffer(
  rooms: SyncRooms,
  { definition, version, bound, pinned }: Offer,
  usernames: ReadonlyMap<number, string>,
): Promise<OfferedDefinition> {
  const { files, described } = await contentAt(rooms, definition.name, version);
  return {
    ...summary(rooms, definition, usernames, version),
    ...described,
    version: version.version,
    head: version.commit,
    commit: version.commit,
    files,
    approvals: version.approvals as Record<string, unknown>[],
    bound,
    pinned,
  };
}

function showRevoked({
  definition_id,
  name,
  version,
  commit,
  revoked,
}: Awaited<ReturnType<typeof revokedVersions>>[number]) {
  const { reason = '', at = '' } = revoked as { reason?: string; at?: string };
  return { definition_id, name, version, commit, reason, at };
}

function showPolicy(lab: Lab | null): SyncList['policy'] {
  const { banned, allowed } = policyOf(lab);
  return { banned_imports: banned, allowed_imports: allowed };
}
