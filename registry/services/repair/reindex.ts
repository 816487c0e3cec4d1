/** Rebuilds the index of definitions and versions from the repositories alone. */
import type { Refs, Repositories, Repository } from '../../../repos/types.ts';
import {
  advanceDefinitionIds,
  deleteDefinition,
  everything,
  findDefinition,
  type KnownDefinition,
  knownDefinitions,
} from '../../store/definitions.ts';
import { lockDefinition } from '../../store/indexing.ts';
import { advanceMergeRequestIds } from '../../store/merge-requests.ts';
import type { Store } from '../../store/open.ts';
import { deleteVersionsAfter } from '../../store/versions.ts';
import { auditDefinition, byRecorded } from '../audit/entries.ts';
import { headsIn } from '../content/history.ts';
import type { LandingDeps } from '../deps.ts';
import { type Indexed, indexRepository } from '../landing/index-repository.ts';
import { apartFromRefs } from '../review/repair-merge-requests.ts';
import { adopt, requireOwn } from './agreement.ts';
import { differenceOf, missing } from './compare.ts';
import { idIn } from './id-in.ts';
import { mendedState } from './mended-state.ts';
import { repairAsked } from './repair.ts';

export interface ReindexReport {
  definitions: number;
  versions: number;
  /** Repositories that are damaged or that the registry did not make, each with the reason. */
  skipped: { name: string; reason: string }[];
  /** Definitions that stay in the index although git lacks them or some of their versions. */
  missing: { name: string; reason: string }[];
  /** The names of definitions that were deleted from the index, because they have no repository. */
  removed: string[];
}

export interface ReindexOptions {
  /** Whether to delete from the index what git lacks: definitions without a repository, and newer versions. */
  deleteMissing?: boolean;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Rebuilds the index. Each repository has its own transaction, so the service can keep running. By default nothing is
 * deleted, because a missing repository may come back (for example on a disk that was not mounted). Deleting the row of a
 * definition would also delete everything that refers to the row.
 */
export async function reindex(
  deps: LandingDeps,
  { deleteMissing = false, onProgress = () => {} }: ReindexOptions = {},
): Promise<ReindexReport> {
  const { store, repositories } = deps;
  await requireOwn(deps);
  const names = await repositories.list();
  const known = new Map((await knownDefinitions(store.em())).map((row) => [row.name, row]));
  const report: ReindexReport = {
    definitions: 0,
    versions: 0,
    skipped: [],
    missing: [],
    removed: [],
  };
  let [definitions, mergeRequests] = [0, 0];
  const apart: string[] = [];
  for (const [i, name] of names.entries()) {
    try {
      const repository = await repositories.open(name);
      // The id counts even if the repository cannot be indexed, so that no new definition gets the same id.
      definitions = Math.max(definitions, await idIn(repository));
      const lost = await findLost(repositories, known.get(name));
      if (lost !== null && !deleteMissing) {
        report.missing.push({ name, reason: lost });
      } else {
        const indexed = await indexAll(deps, repository, deleteMissing);
        report.definitions += 1;
        report.versions += indexed.added.length;
        mergeRequests = Math.max(mergeRequests, newestIn(indexed, await repository.refs()));
        const { id } = indexed.definition;
        if ((await apartFromRefs(store.em(), repository, id)).length > 0) apart.push(name);
      }
    } catch (error) {
      // One damaged repository must not stop the others from being indexed.
      report.skipped.push({ name, reason: (error as Error).message });
    }
    onProgress(i + 1, names.length);
  }
  const { failed } = await repairAsked(deps, apart);
  report.skipped.push(...failed.map(({ name, error }) => ({ name, reason: error.message })));
  const orphans = await findOrphans(store, repositories);
  if (deleteMissing) report.removed = await removeOrphans(store, repositories, orphans);
  else report.missing.push(...orphans.map((o) => ({ name: o.name, reason: missing(o).problem })));
  await store.transaction(async (em) => {
    await advanceDefinitionIds(em, definitions);
    await advanceMergeRequestIds(em, mergeRequests);
  });
  if (report.missing.length + report.skipped.length === 0) await adopt(deps);
  return report;
}

/**
 * A text that says which versions the index would lose in an update from this repository. Null if the index would lose
 * none.
 */
async function findLost(
  repositories: Repositories,
  row: KnownDefinition | undefined,
): Promise<string | null> {
  const difference = row ? await differenceOf(repositories, row) : null;
  return difference?.kind === 'older' ? difference.problem : null;
}

async function indexAll(
  deps: LandingDeps,
  repository: Repository,
  deleteMissing: boolean,
): Promise<Indexed> {
  const state = mendedState(repository.name);
  return await indexRepository(deps, repository, {
    everyVersion: true,
    first: state.first,
    async also(em, indexed) {
      const { id, version } = indexed.definition;
      if (deleteMissing) await deleteVersionsAfter(em, id, version ?? 0);
      await state.audit(em, indexed);
    },
  });
}

/** The highest number of a merge request in this repository. New merge requests get higher numbers. */
function newestIn({ added }: Indexed, refs: Refs): number {
  const landed = added.map(({ record }) => record.merge_request ?? 0);
  const proposed = headsIn(refs).map(({ id }) => id);
  return [...landed, ...proposed].reduce((a, b) => Math.max(a, b), 0);
}

async function findOrphans(store: Store, repositories: Repositories): Promise<KnownDefinition[]> {
  const names = new Set(await repositories.list());
  const known = await knownDefinitions(store.em());
  const orphans: KnownDefinition[] = [];
  for (const row of known.filter(({ name }) => !names.has(name))) {
    if (!(await repositories.exists(row.name))) orphans.push(row);
  }
  return orphans;
}

/**
 * Deletes definitions without a repository from the index. Each definition is checked again under its lock, because a
 * landing may be creating its repository at this moment.
 */
async function removeOrphans(
  store: Store,
  repositories: Repositories,
  orphans: readonly KnownDefinition[],
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, name } of orphans) {
    await store.transaction(async (em) => {
      await lockDefinition(em, id);
      if (await repositories.exists(name)) return;
      const row = await findDefinition(em, id, everything);
      if (!row || !(await deleteDefinition(em, id))) return;
      const { lab_id } = row;
      const before = { name, lab_id };
      await auditDefinition(em, byRecorded(null), row, 'definition.released', before, null);
      removed.push(name);
    });
  }
  return removed;
}
