/**
 * The two-phase transaction of a change. The database records what is about to happen, the refs move in one transaction of
 * git, and then the database is updated. After a failure in between, a repair completes or reverts the change
 * (repair/repair.ts). So a confirmed push is never lost, and an interrupted push is never half done.
 */
import { RepositoryError } from '../../../repos/errors.ts';
import type { RefUpdate, Repository } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import { StoreError } from '../../store/errors.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditLanded } from '../audit/entries.ts';
import { findLanded, type Landed } from '../content/history.ts';
import type { LandingDeps } from '../deps.ts';
import { indexRepository } from './index-repository.ts';

/** What the database records before the refs move. */
export interface Intent {
  /** Writes the record in one SQL statement. Absent if there is nothing to record. */
  begin?(em: EntityManager): Promise<void>;
  /** Reverts `begin` if the refs did not move. */
  undo?(em: EntityManager): Promise<void>;
}

/** A change of one merge request. If several steps run in one transaction, either all of them happen or none. */
export interface Step extends Intent {
  mergeRequest: number;
  updates: RefUpdate[];
  /** Updates the database after the refs have moved. */
  finish(em: EntityManager): Promise<void>;
}

/**
 * Applies the steps in one transaction. Throws `Problem` `conflict` if another change came first. A definition without
 * versions shows the content of its newest merge request, so the index entry of such a definition is updated too.
 */
export async function applySteps(
  deps: LandingDeps,
  repository: Repository,
  steps: readonly Step[],
): Promise<void> {
  const { store, repositories } = deps;
  if (steps.length === 0) return;
  await repositories.addJournalEntry(repository.name);
  try {
    const updates = steps.flatMap((step) => step.updates);
    await withIntents(deps, repository.name, steps, () => repository.updateRefs(updates));
  } catch (error) {
    throw await asConflict(repository, steps, error);
  }
  const finish = async (em: EntityManager) => {
    for (const step of steps) await step.finish(em);
    // A merge keeps the row of its merge request locked until its refs have moved. So it has either moved them, or it waits
    // for this transaction, notices the change and fails.
    const moveNothing = steps.filter(({ updates }) => updates.every(({ from, to }) => from === to));
    await requireUnlanded(
      repository,
      moveNothing.map(({ mergeRequest }) => mergeRequest),
    );
  };
  try {
    if ((await repository.head()) === null)
      await indexRepository(deps, repository, {
        async also(em, indexed) {
          // The first version may have landed in the meantime. Only the update that adds this version to the index can
          // write its audit entries.
          await auditLanded(em, indexed);
          await finish(em);
        },
      });
    else await store.transaction(finish);
  } catch (error) {
    // After a `Problem` there is nothing to repair: another change came first. After any other error, the journal entry
    // stays, so that this or another process repairs the database.
    await endEntry(repositories, repository.name, error instanceof Problem);
    throw error;
  }
  await repositories.removeJournalEntry(repository.name);
}

/** Throws `conflict` if one of these merge requests has landed. */
export async function requireUnlanded(
  repository: Repository,
  mergeRequests: readonly number[],
): Promise<void> {
  const landed = await firstLanded(repository, mergeRequests);
  if (landed) throw new Problem('conflict', mergedMeanwhile(landed));
}

async function firstLanded(repository: Repository, mergeRequests: readonly number[]) {
  const refs = await repository.refs();
  return mergeRequests.flatMap((id) => findLanded(refs, id) ?? [])[0];
}

const mergedMeanwhile = ({ id, version }: Landed): string =>
  `Merge request !${id} was merged as version ${version} in the meantime and cannot be changed. Open a new merge request for further changes.`;

/**
 * Records the intents in the database, then calls `move`, which moves the refs. If the error shows that no ref moved, the
 * intents are reverted and the journal entry is removed. After any other error both stay, and a repair follows git.
 */
export async function withIntents(
  { store, repositories }: LandingDeps,
  name: string,
  intents: readonly Intent[],
  move: () => Promise<void>,
): Promise<void> {
  try {
    await begin(store, intents);
  } catch (error) {
    // If the connection was lost, the intents may have been recorded.
    await endEntry(repositories, name, isRefusal(error));
    throw error;
  }
  try {
    await move();
  } catch (error) {
    const isUnmoved = provesUnmoved(error);
    try {
      if (isUnmoved) await undo(store, intents);
    } catch (failed) {
      await endEntry(repositories, name, false);
      throw failed;
    }
    await endEntry(repositories, name, isUnmoved);
    throw error;
  }
}

/** Removes the journal entry of this process. If the change is not settled, leaves an entry that any process repairs. */
function endEntry(
  repositories: LandingDeps['repositories'],
  name: string,
  isSettled: boolean,
): Promise<void> {
  return isSettled ? repositories.removeJournalEntry(name) : repositories.leaveJournalEntry(name);
}

/** Whether the database or a service refused, so that nothing was recorded. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Problem ||
  (error instanceof StoreError && error.code !== 'database_unavailable');

/**
 * Whether the error shows that no ref has moved. These errors come from before the ref transaction, or made it fail as a
 * whole. After `fenced`, another process takes over the intents.
 */
const provesUnmoved = (error: unknown): boolean =>
  error instanceof Problem || (error instanceof RepositoryError && error.code !== 'fenced');

async function begin(store: LandingDeps['store'], intents: readonly Intent[]): Promise<void> {
  const recorded = intents.filter(({ begin }) => begin !== undefined);
  if (recorded.length === 0) return;
  const write = async (em: EntityManager) => {
    for (const intent of recorded) await intent.begin?.(em);
  };
  try {
    // A single SQL statement needs no explicit transaction.
    await (recorded.length === 1 ? write(store.em()) : store.transaction(write));
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unique_violation') throw error;
    throw new Problem(
      'conflict',
      'A merge request for this change was opened at the same moment. Try again to update this merge request.',
      undefined,
      { cause: error },
    );
  }
}

async function undo(store: LandingDeps['store'], intents: readonly Intent[]): Promise<void> {
  if (!intents.some(({ undo }) => undo !== undefined)) return;
  await store.transaction(async (em) => {
    for (const intent of intents) await intent.undo?.(em);
  });
}

async function asConflict(
  repository: Repository,
  steps: readonly Step[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof RepositoryError) || error.code !== 'ref_conflict') return error;
  const landed = await firstLanded(
    repository,
    steps.map(({ mergeRequest }) => mergeRequest),
  );
  return new Problem(
    'conflict',
    landed
      ? mergedMeanwhile(landed)
      : `${repository.name} has changed in the meantime (${error.message}). Read it again and repeat your change.`,
    undefined,
    { cause: error },
  );
}
