/** Rebuilds the index of definitions and versions from the repositories alone. */
import type { Refs, Repositories } from '../../../repos/types.ts';
import {
  advanceDefinitionIds,
  deleteDefinition,
  everything,
  findDefinition,
  namesOfDefinitions,
} from '../../store/definitions.ts';
import { lockDefinition } from '../../store/indexing.ts';
import { advanceMergeRequestIds } from '../../store/merge-requests.ts';
import type { Store } from '../../store/open.ts';
import { auditDefinition, byRecorded } from '../audit/entries.ts';
import { headsIn } from '../content/history.ts';
import type { LandingDeps } from '../deps.ts';
import { type Indexed, indexRepository } from '../landing/index-repository.ts';
import { mendedState } from './mended-state.ts';

export interface ReindexReport {
  definitions: number;
  versions: number;
  /** Repositories that are damaged or that the registry did not make, each with the reason. */
  skipped: { name: string; reason: string }[];
  /** The names of definitions that were removed from the index because they have no repository. */
  removed: string[];
}

/** Rebuilds the index. Each repository has its own transaction, so the service can keep running. */
export async function reindex(
  deps: LandingDeps,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<ReindexReport> {
  const { store, repositories } = deps;
  const names = await repositories.list();
  const report: ReindexReport = { definitions: 0, versions: 0, skipped: [], removed: [] };
  let mergeRequests = 0;
  for (const [i, name] of names.entries()) {
    const repository = await repositories.open(name);
    try {
      const state = mendedState();
      const indexed = await indexRepository(deps, repository, {
        everyVersion: true,
        first: state.first,
        also: async (em, indexed) => void (await state.audit(em, indexed)),
      });
      report.definitions += 1;
      report.versions += indexed.added.length;
      mergeRequests = Math.max(mergeRequests, newestIn(indexed, await repository.refs()));
    } catch (error) {
      // One damaged repository must not stop the others from being indexed.
      report.skipped.push({ name, reason: (error as Error).message });
    }
    onProgress(i + 1, names.length);
  }
  report.removed = await removeOrphans(store, repositories);
  await store.transaction(async (em) => {
    await advanceDefinitionIds(em);
    await advanceMergeRequestIds(em, mergeRequests);
  });
  return report;
}

/** The highest number of a merge request in this repository. New merge requests get higher numbers. */
function newestIn({ added }: Indexed, refs: Refs): number {
  const landed = added.map(({ record }) => record.merge_request ?? 0);
  const proposed = headsIn(refs).map(({ id }) => id);
  return [...landed, ...proposed].reduce((a, b) => Math.max(a, b), 0);
}

/**
 * Deletes definitions without a repository from the index. Each is checked again under its lock, because a landing may be
 * creating its repository at this moment.
 */
async function removeOrphans(store: Store, repositories: Repositories): Promise<string[]> {
  const names = new Set(await repositories.list());
  const known = await namesOfDefinitions(store.em());
  const orphans = known.filter(({ name }) => !names.has(name));
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
