/** Shows which versions the lab computers have and run (the fleet). */
import { equipmentSeenBy, labsSeenBy, viewerOf } from '../../access/decide.ts';
import type { DefinitionFleet, FleetComputer, FleetQuery } from '../../schemas/sync.ts';
import { listComputers } from '../../store/computers.ts';
import type { Report } from '../../store/entities/index.ts';
import {
  countInstalled,
  countLoaded,
  definitionsByName,
  type NamedVersion,
  reportsOf,
  turnsOf,
} from '../../store/reports.ts';
import type { EntityManager } from '../../store/types.ts';
import { newestStanding, revokedOf } from '../../store/versions.ts';
import { authorize, type Caller } from '../caller.ts';
import { loadDefinition } from '../definitions/find-definition.ts';
import type { PeopleDeps } from '../deps.ts';
import { showComputer } from '../equipment/show.ts';
import { answerPage, splitPage } from '../pages.ts';
import { adoption, dayBefore } from './adoption.ts';

/** One page of the computers in the caller's labs, each with its last report. */
export async function listFleet({ store, rules }: PeopleDeps, caller: Caller, query: FleetQuery) {
  authorize(caller, { on: 'equipment', do: 'list' }, rules, 'computer');
  const em = store.em();
  const { labs, computer } = equipmentSeenBy(caller.actor);
  const { page, filters } = splitPage(query);
  const { definition_id, version, ...rest } = filters;
  const found = await listComputers(em, {
    filters: { ...rest, labs, id: computer, installed: { definition_id, version } },
    ...page,
  });
  const reports = await reportsOf(
    em,
    found.items.map(({ id }) => id),
  );
  const standing = await standingOf(em, caller, rules, [...reports.values()]);
  const shown = found.items.map((row): FleetComputer => {
    const report = reports.get(row.id);
    return {
      ...showComputer(row),
      installed: report?.installed ?? {},
      loaded: report?.loaded ?? {},
      errors: (report?.errors ?? []) as FleetComputer['errors'],
      reported_at: report?.reported_at.toISOString() ?? null,
      lag: lagOf(report?.installed ?? {}, standing),
    };
  });
  return answerPage(page, found, shown);
}

interface Standing {
  definition: NamedVersion;
  /** The newest version that is not revoked. Null if there is none. */
  newest: number | null;
  /** The reason for each revocation, by version. */
  revoked: ReadonlyMap<number, string>;
}

/** The newest and the revoked versions of every installed definition, by its name. */
async function standingOf(
  em: EntityManager,
  { actor }: Caller,
  rules: PeopleDeps['rules'],
  reports: readonly Report[],
): Promise<Map<string, Standing>> {
  const names = new Set(reports.flatMap(({ installed }) => Object.keys(installed)));
  const definitions = await definitionsByName(em, viewerOf(actor, rules), [...names]);
  const ids = definitions.map(({ id }) => id);
  const newest = await newestStanding(em, ids);
  const revoked = await revokedOf(em, ids);
  return new Map(
    definitions.map((definition) => [
      definition.name,
      {
        definition,
        newest: newest.get(definition.id)?.version ?? null,
        revoked: revoked.get(definition.id) ?? new Map(),
      },
    ]),
  );
}

/** The installed versions that are not the newest, sorted by name. Pure. */
export function lagOf(
  installed: Readonly<Record<string, number>>,
  standing: ReadonlyMap<string, Standing>,
): FleetComputer['lag'] {
  return Object.entries(installed)
    .flatMap(([name, version]) => {
      const known = standing.get(name);
      if (!known || known.newest === version) return [];
      const { definition, newest, revoked } = known;
      const behind = Math.max(0, (newest ?? version) - version);
      const why = revoked.get(version) ?? null;
      return [{ name, definition_id: definition.id, version, newest, behind, revoked: why }];
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** How many computers in the caller's labs have and run each version of a definition, and how this has changed. */
export async function definitionFleet(
  deps: PeopleDeps,
  caller: Caller,
  id: number,
  { days }: { days: number },
): Promise<DefinitionFleet> {
  authorize(caller, { on: 'site', do: 'sign-in' }, deps.rules, 'definition');
  const { row } = await loadDefinition(deps, caller, id);
  const em = deps.store.em();
  const labs = labsSeenBy(caller.actor);
  const installed = await countInstalled(em, id, labs);
  const loaded = await countLoaded(em, row.name, labs);
  const revoked = (await revokedOf(em, [id])).get(id);
  const of = (counts: typeof installed, version: number) =>
    counts.find((count) => count.version === version)?.computers ?? 0;
  const versions = [...new Set([...installed, ...loaded].map(({ version }) => version))];
  const today = new Date().toISOString().slice(0, 10);
  return {
    versions: versions
      .sort((a, b) => b - a)
      .map((version) => ({
        version,
        installed: of(installed, version),
        loaded: of(loaded, version),
        revoked: revoked?.get(version) ?? null,
      })),
    history: adoption(await turnsOf(em, id, labs), dayBefore(today, days - 1), today),
  };
}
