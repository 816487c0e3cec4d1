/** Completes landings that a crash interrupted. Git shows what happened, and the index is updated from git. */
import { deleteDefinition } from '../../store/definitions.ts';
import { isProposed } from '../../store/merge-requests.ts';
import { auditLanded } from '../audit/entries.ts';
import type { LandingDeps } from '../deps.ts';
import { indexRepository } from '../landing/index-repository.ts';
import { repairMergeRequests } from '../review/repair-merge-requests.ts';
import { mendedState } from './mended-state.ts';

export interface RepairReport {
  repaired: string[];
  /** Definitions whose repair failed. The journal entries of these definitions stay, so the next start tries again. */
  failed: { name: string; error: Error }[];
}

/**
 * Repairs the repositories with journal entries of processes that no longer run. Removes a repository without a version
 * and without a merge request: the crash interrupted its creation, and nobody was told that it exists.
 */
export async function repair(deps: LandingDeps): Promise<RepairReport> {
  const { repositories } = deps;
  const report: RepairReport = { repaired: [], failed: [] };
  for (const name of await repositories.abandonedEntries()) {
    try {
      if (await repairRepository(deps, name)) report.repaired.push(name);
      await repositories.dropJournalEntry(name);
    } catch (error) {
      report.failed.push({ name, error: error as Error });
    }
  }
  return report;
}

async function repairRepository(deps: LandingDeps, name: string): Promise<boolean> {
  const { store, repositories } = deps;
  if (!(await repositories.exists(name))) return false;
  const repository = await repositories.open(name);
  if ((await repository.refs()).size === 0) {
    await repositories.remove(name);
    return true;
  }
  let repaired = false;
  const state = mendedState(name);
  const { definition, added } = await indexRepository(deps, repository, {
    first: state.first,
    async also(em, indexed) {
      repaired = await repairMergeRequests(em, repository, indexed.definition.id);
      await auditLanded(em, indexed);
      if (await state.audit(em, indexed)) repaired = true;
    },
  });
  if (definition.version === null && !(await isProposed(store.em(), definition.id))) {
    await store.transaction((em) => deleteDefinition(em, definition.id));
    await repositories.remove(name);
    return true;
  }
  return repaired || added.length > 0;
}
