/**
 * The two-phase transaction of a change: the database records what is about to happen, the refs move in one
 * transaction of git, and the database follows. After a crash in between, the next start repairs the rest from what was
 * recorded (repair/repair.ts). So a push that was answered is never lost, and one that was not leaves nothing half done.
 */
import { RepositoryError } from '../../../repos/errors.ts';
import type { RefUpdate, Repository } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import { StoreError } from '../../store/errors.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditLanded } from '../audit/entries.ts';
import { findLanded } from '../content/history.ts';
import type { LandingDeps } from '../deps.ts';
import { indexRepository } from './index-repository.ts';

/** What the database records before the refs move. */
export interface Intent {
  /** One statement; absent where there is nothing to record. */
  begin?(em: EntityManager): Promise<void>;
  /** Reverts `begin` if the refs did not move. */
  undo?(em: EntityManager): Promise<void>;
}

/** A change of one merge request. Several steps can be one transaction: all of them happen, or none. */
export interface Step extends Intent {
  mergeRequest: number;
  updates: RefUpdate[];
  /** After the refs have moved. */
  finish(em: EntityManager): Promise<void>;
}

/**
 * Applies the steps in one transaction. Throws `Problem` `conflict` if another change came first. A
 * definition without versions shows what its newest merge request proposes, so its index entry is updated
 * too.
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
  };
  try {
    if ((await repository.head()) === null)
      await indexRepository(deps, repository, {
        async also(em, indexed) {
          // The first version may have landed since. Its entries are written with the index, and never later.
          await auditLanded(em, indexed);
          await finish(em);
        },
      });
    else await store.transaction(finish);
  } catch (error) {
    // A `Problem` means that another change came first and no ref moved. Any other failure is for repair to find.
    if (error instanceof Problem) await repositories.removeJournalEntry(repository.name);
    throw error;
  }
  await repositories.removeJournalEntry(repository.name);
}

/**
 * Records the intents in the database, then calls `move`, which moves the refs. If the refs certainly did not move, the
 * intents and the journal entry are taken back. Otherwise both stay, and the next start finds out.
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
    await repositories.removeJournalEntry(name);
    throw error;
  }
  try {
    await move();
  } catch (error) {
    // Both are thrown before any ref moves, or by the transaction that would have moved all of them.
    if (error instanceof RepositoryError || error instanceof Problem) {
      await undo(store, intents);
      await repositories.removeJournalEntry(name);
    }
    throw error;
  }
}

async function begin(store: LandingDeps['store'], intents: readonly Intent[]): Promise<void> {
  const recorded = intents.filter(({ begin }) => begin !== undefined);
  if (recorded.length === 0) return;
  const write = async (em: EntityManager) => {
    for (const intent of recorded) await intent.begin?.(em);
  };
  try {
    // One statement is a transaction by itself.
    await (recorded.length === 1 ? write(store.em()) : store.transaction(write));
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unique_violation') throw error;
    throw new Problem(
      'conflict',
      'A merge request for this change was opened at the same moment. Try again to update it.',
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
  const refs = await repository.refs();
  const [landed] = steps.flatMap(({ mergeRequest }) => findLanded(refs, mergeRequest) ?? []);
  return new Problem(
    'conflict',
    landed
      ? `Merge request !${landed.id} was merged as version ${landed.version} in the meantime and cannot be changed. Open a new merge request for further changes.`
      : `${repository.name} has changed in the meantime (${error.message}). Read it again and repeat your change.`,
    undefined,
    { cause: error },
  );
}
