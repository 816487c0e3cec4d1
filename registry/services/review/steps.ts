/**
 * How a merge request follows its refs. What is about to happen is noted in the database, the refs move in one
 * transaction, the database follows; a crash in between is mended from the notes (see mend.ts), so a push that
 * was answered is never lost and one that was not leaves nothing half done.
 */
import { RepositoryError } from '../../../repos/errors.ts';
import type { Refs, RefUpdate, Repository } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import { appendAudit } from '../../store/audit.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import { StoreError } from '../../store/errors.ts';
import {
  addHead,
  addMergeRequest,
  type NewHead,
  type NewMergeRequest,
  removeHead,
  removeOpening,
  type Source,
  updateMergeRequest,
} from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditOf, type Caller } from '../caller.ts';
import { indexRepository } from '../landing/index-repository.ts';
import type { LandingRooms } from '../rooms.ts';

/** One change of one merge request; several may be carried out together, all or none. */
export interface Step {
  mergeRequest: number;
  updates: RefUpdate[];
  /** Before the refs move: notes it, in one statement; absent where there is nothing to note. */
  begin?(em: EntityManager): Promise<void>;
  /** After they have moved. */
  finish(em: EntityManager): Promise<void>;
  /** Where they could not be moved. */
  undo?(em: EntityManager): Promise<void>;
}

/** Where the head of a merge request can be fetched. */
export const headRef = (id: number): string => `refs/merge-requests/${id}/head`;
/** The commit that landed it; while there is none it can be moved. Made in the transaction of refs that lands it. */
export const mergeRef = (id: number): string => `refs/merge-requests/${id}/merge`;
/** What a contributor pushes to: one merge request for each pusher and definition. */
export const FOR_MAIN = 'refs/for/main';

/** What landed of a merge request, and from which head; undefined until it is merged. */
export function landingOf(refs: Refs, id: number) {
  const commit = refs.get(mergeRef(id))?.oid;
  const head = refs.get(headRef(id))?.oid;
  if (commit === undefined || head === undefined) return undefined;
  const [tag] = [...refs].find(([, { peeled }]) => peeled === commit) ?? [];
  return { id, head, version: Number(tag?.replace('refs/tags/v', '')) };
}

/** One for each branch; of what is pushed to for main, and saved, each person has one. */
export const sourceOf = (ref: string, author_id: number | null): Source =>
  ref === FOR_MAIN ? { source_ref: ref, author_id } : { source_ref: ref };

/** Nothing moves what has landed, not even in the moment in which it lands. */
const stillOpen = (id: number): RefUpdate => ({ ref: mergeRef(id), from: null, to: null });

/** A new merge request; `branch` moves with it where it has one. */
export function opening(
  caller: Caller,
  fields: Omit<NewMergeRequest, 'head' | 'base' | 'changes' | 'author' | 'author_id'>,
  head: Omit<NewHead, 'pushed_by'>,
  branch: RefUpdate[] = [],
): Step {
  const { id } = fields;
  const by = auditOf(caller);
  const { authors, ...at } = head;
  const whole = { ...fields, ...at, author: by.actor, author_id: by.actor_id };
  return {
    mergeRequest: id,
    updates: [{ ref: headRef(id), from: null, to: head.head }, ...branch],
    begin: (em) => addMergeRequest(em, whole, { ...head, pushed_by: by.actor_id }),
    async finish(em) {
      await updateMergeRequest(em, id, { state: 'open' });
      await note(em, caller, whole, 'opened', null, {
        title: fields.title,
        description: fields.description,
        draft: fields.draft,
        head: head.head,
        base: head.base,
        source_ref: fields.source_ref,
      });
    },
    undo: (em) => removeOpening(em, id),
  };
}

/** An open merge request gets another head. */
export function moving(
  caller: Caller,
  row: MergeRequest,
  head: Omit<NewHead, 'pushed_by'>,
  branch: RefUpdate[] = [],
): Step {
  const { head: commit, base, changes } = head;
  let noted = 0;
  return {
    mergeRequest: row.id,
    updates: [stillOpen(row.id), { ref: headRef(row.id), from: row.head, to: commit }, ...branch],
    async begin(em) {
      noted = await addHead(em, row.id, { ...head, pushed_by: auditOf(caller).actor_id });
    },
    async finish(em) {
      await updateMergeRequest(em, row.id, { head: commit, base, changes });
      const before = { head: row.head, base: row.base };
      await note(em, caller, row, 'updated', before, { head: commit, base });
    },
    // Whoever pushed in vain has no part in it.
    undo: (em) => removeHead(em, noted),
  };
}

/** An open merge request is closed; its branch goes where `branch` says so. */
export function closing(caller: Caller, row: MergeRequest, branch: RefUpdate[] = []): Step {
  return {
    mergeRequest: row.id,
    // Nothing moves, but it must be the head that was looked at.
    updates: [stillOpen(row.id), { ref: headRef(row.id), from: row.head, to: row.head }, ...branch],
    async finish(em) {
      await updateMergeRequest(em, row.id, {
        state: 'closed',
        decided_by: auditOf(caller).actor_id,
        decided_at: new Date(),
      });
      await note(em, caller, row, 'closed', { state: row.state }, { state: 'closed' });
    },
  };
}

/**
 * Carries the steps out together. Throws `Problem` `conflict` where somebody else was faster. A definition
 * without versions is what its newest merge request proposes, so its index entry follows too.
 */
export async function carryOut(
  { store, repositories }: LandingRooms,
  repository: Repository,
  steps: Step[],
): Promise<void> {
  if (steps.length === 0) return;
  await repositories.note(repository.name);
  try {
    await begin(store, steps);
    await moveRefs(store, repository, steps);
  } catch (error) {
    await repositories.strike(repository.name);
    throw error;
  }
  const finish = async (em: EntityManager) => {
    for (const step of steps) await step.finish(em);
  };
  if ((await repository.head()) === null)
    await indexRepository(store, repository, { also: finish });
  else await store.transaction(finish);
  await repositories.strike(repository.name);
}

/** Notes in the database what the refs are about to do. */
export async function begin(store: LandingRooms['store'], steps: Step[]): Promise<void> {
  const noting = steps.filter(({ begin }) => begin !== undefined);
  if (noting.length === 0) return;
  const write = async (em: EntityManager) => {
    for (const step of noting) await step.begin?.(em);
  };
  try {
    // One statement is a transaction by itself.
    await (noting.length === 1 ? write(store.em()) : store.transaction(write));
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unique_violation') throw error;
    throw new Problem(
      'conflict',
      'A merge request for this was opened at the same moment. Try again: it will be updated.',
      undefined,
      { cause: error },
    );
  }
}

export async function undo(store: LandingRooms['store'], steps: Step[]): Promise<void> {
  if (!steps.some(({ undo }) => undo !== undefined)) return;
  await store.transaction(async (em) => {
    for (const step of steps) await step.undo?.(em);
  });
}

async function moveRefs(
  store: LandingRooms['store'],
  repository: Repository,
  steps: Step[],
): Promise<void> {
  try {
    await repository.updateRefs(steps.flatMap(({ updates }) => updates));
  } catch (error) {
    await undo(store, steps);
    if (!(error instanceof RepositoryError) || error.code !== 'ref_conflict') throw error;
    const refs = await repository.refs();
    const [landed] = steps.flatMap(({ mergeRequest }) => landingOf(refs, mergeRequest) ?? []);
    throw new Problem(
      'conflict',
      landed
        ? `Merge request !${landed.id} was merged as version ${landed.version} in the meantime: it stays as it landed. What you want beyond that is a new change.`
        : `${repository.name} has changed in the meantime (${error.message}). Look at it again and repeat what you did.`,
      undefined,
      { cause: error },
    );
  }
}

/** Appends to the audit trail what became of a merge request. */
export async function note(
  em: EntityManager,
  caller: Caller,
  row: Pick<MergeRequest, 'id' | 'definition' | 'lab_id'>,
  what: string,
  before: object | null,
  after: object | null,
): Promise<void> {
  await appendAudit(em, {
    ...auditOf(caller),
    action: `merge_request.${what}`,
    subject_type: 'merge_request',
    subject_id: row.id,
    subject: `${row.definition} !${row.id}`,
    lab_id: row.lab_id,
    before: before as never,
    after: after as never,
  });
}
