/** Completes landings that a crash interrupted. Git shows what happened, and the index is updated from git. */
import { RepositoryError } from '../../../repos/errors.ts';
import type { Repair, Repository } from '../../../repos/types.ts';
import type { DefinitionState } from '../../definitions/record.ts';
import { deleteDefinition } from '../../store/definitions.ts';
import { StoreError } from '../../store/errors.ts';
import { isProposed } from '../../store/merge-requests.ts';
import { auditLanded, type KnownState } from '../audit/entries.ts';
import { toldState } from '../audit/told-state.ts';
import { firstState } from '../content/files.ts';
import type { LandingDeps } from '../deps.ts';
import { indexRepository } from '../landing/index-repository.ts';
import { repairMergeRequests } from '../review/repair-merge-requests.ts';
import { mendedState } from './mended-state.ts';

export interface RepairReport {
  /** Definitions whose index or merge requests have changed. */
  repaired: string[];
  /** Definitions whose repair failed. Their journal entries stay, so the next repair tries again. */
  failed: { name: string; error: Error }[];
}

/**
 * Repairs the repositories with journal entries of processes that no longer run. Removes a repository without a version
 * and without a merge request: the crash interrupted its creation, and nobody was told that it exists. Throws
 * `database_unavailable`.
 */
export async function repair(
  deps: LandingDeps,
  isDue: (name: string) => boolean = () => true,
): Promise<RepairReport> {
  const { repositories } = deps;
  const report: RepairReport = { repaired: [], failed: [] };
  for (const name of (await repositories.abandonedEntries()).filter(isDue)) {
    try {
      const repaired = await repositories.repairEntry(name, async (repository, running) =>
        repository === undefined ? false : await repairRepository(deps, repository, running),
      );
      if (repaired) report.repaired.push(name);
    } catch (error) {
      // This process was stopped meanwhile, and another one repairs the definition.
      if (error instanceof RepositoryError && error.code === 'fenced') continue;
      // Nothing is wrong with the definition.
      if (error instanceof StoreError && error.code === 'database_unavailable') throw error;
      report.failed.push({ name, error: error as Error });
    }
  }
  return report;
}

/**
 * Repairs repositories whose merge requests are apart from their refs, as if a crash had interrupted a change. If a change is
 * running, the repair follows when it has ended.
 */
export async function repairAsked(deps: LandingDeps, names: readonly string[]) {
  for (const name of names) {
    await deps.repositories.addJournalEntry(name);
    await deps.repositories.leaveJournalEntry(name);
  }
  return await repair(deps, (name) => names.includes(name));
}

async function repairRepository(
  deps: LandingDeps,
  repository: Repository,
  running: Repair,
): Promise<boolean> {
  const { store } = deps;
  const { name } = repository;
  if ((await repository.refs()).size === 0) {
    await running.remove();
    return true;
  }
  let repaired = false;
  const created = await firstState(repository);
  // Not what the index has: another landing may have put there what the interrupted one has changed.
  const state = mendedState(name, (em, id) => toldState(em, id, inFields(created)));
  const { definition, added } = await indexRepository(deps, repository, {
    async first(em, id) {
      // The definition is locked now. If another process has taken over the repair, it waits for this lock or has ended.
      running.verify();
      await state.first(em, id);
    },
    async also(em, indexed) {
      repaired = await repairMergeRequests(em, repository, indexed.definition.id);
      await auditLanded(em, indexed);
      if (await state.audit(em, indexed)) repaired = true;
    },
  });
  if (definition.version === null && !(await isProposed(store.em(), definition.id))) {
    await store.transaction((em) => deleteDefinition(em, definition.id));
    await running.remove();
    return true;
  }
  return repaired || added.length > 0;
}

const inFields = ({
  lab,
  is_public,
  archived_at,
  deprecated,
  revoked,
}: DefinitionState): KnownState => ({
  lab_id: lab?.id ?? null,
  archived_at: archived_at === null ? null : new Date(archived_at),
  is_public,
  deprecated,
  revoked,
});
