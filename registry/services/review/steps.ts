/**
 * How a merge request follows its refs. What is about to happen is noted in the database, the refs move in one
 * transaction, the database follows; a crash in between is mended from the notes (see mend.ts), so a push that
 * was answered is never lost and one that was not leaves nothing half done.
 */
import { isDeepStrictEqual } from 'node:util';
import { RepositoryError } from '../../../repos/errors.ts';
import type { Refs, RefUpdate, Repository } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import { pick } from '../../schemas/pick.ts';
import type { Edits, MergeRequest } from '../../store/entities/index.ts';
import { StoreError } from '../../store/errors.ts';
import {
  addHead,
  addMergeRequest,
  EDITED,
  type NewHead,
  type NewMergeRequest,
  noteDecider,
  removeHead,
  removeOpening,
  type Source,
  updateMergeRequest,
} from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditOf, type By, type Caller } from '../caller.ts';
import { auditLanded } from '../landing/audit-landing.ts';
import { indexRepository } from '../landing/index-repository.ts';
import type { LandingRooms } from '../rooms.ts';
import type { Examined } from './examine.ts';
import { note, noteOf } from './note.ts';

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

/** What the database says before the refs move; the next start makes it follow them where a crash came in between. */
export type Intent = Pick<Step, 'begin' | 'undo'>;

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
  const isVersion = (ref: string) => ref.startsWith('refs/tags/v');
  const [tag] = [...refs].find(([ref, { peeled }]) => peeled === commit && isVersion(ref)) ?? [];
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
  head: Examined,
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
      await note(em, caller, whole, 'opened', null, openedAs(whole));
    },
    undo: (em) => removeOpening(em, id),
  };
}

/** What the trail keeps of a new one. */
export const openedAs = (row: Omit<NewMergeRequest, 'changes'>) => ({
  title: row.title,
  description: row.description,
  draft: row.draft,
  head: row.head,
  base: row.base,
  source_ref: row.source_ref,
});

/** An open merge request gets another head, of whoever asks for it unless `pushed_by` says otherwise. */
export function moving(
  caller: Caller,
  row: MergeRequest,
  examined: Examined & Partial<Pick<NewHead, 'pushed_by' | 'edits'>>,
  branch: RefUpdate[] = [],
): Step {
  const by = auditOf(caller);
  const head: NewHead = { pushed_by: by.actor_id, edits: null, ...examined };
  let noted = 0;
  return {
    mergeRequest: row.id,
    updates: [
      stillOpen(row.id),
      { ref: headRef(row.id), from: row.head, to: head.head },
      ...branch,
    ],
    async begin(em) {
      noted = await addHead(em, row.id, head);
    },
    finish: (em) => moved(em, by, row, head),
    // Whoever pushed in vain has no part in it.
    undo: (em) => removeHead(em, noted),
  };
}

type Moved = Pick<NewHead, 'head' | 'base' | 'changes' | 'edits'>;

/** The database follows a head that the refs have; `told` is what the trail says of it beyond that. */
export async function moved(
  em: EntityManager,
  by: By,
  row: MergeRequest,
  { head, base, changes, edits }: Moved,
  told: object = {},
): Promise<void> {
  await updateMergeRequest(em, row.id, { head, base, changes });
  const before = { head: row.head, base: row.base };
  await noteOf(em, by, row, 'updated', before, { head, base, ...told });
  await edited(em, by, row, edits ?? {}, told);
}

/** Title, description or draft change, and no ref. */
export const editing = (caller: Caller, row: MergeRequest, edits: Edits): Step => ({
  mergeRequest: row.id,
  updates: [stillOpen(row.id)],
  finish: (em) => edited(em, auditOf(caller), row, edits),
});

/** Throws `conflict` where it has landed: it stays as it landed. */
export async function edited(
  em: EntityManager,
  by: By,
  row: MergeRequest,
  edits: Edits,
  told: object = {},
): Promise<void> {
  const before = pick(row, EDITED);
  const after = { ...before, ...pick(edits, EDITED) };
  if (isDeepStrictEqual(before, after)) return;
  if (!(await updateMergeRequest(em, row.id, after))) {
    throw new Problem('conflict', `Merge request !${row.id} is merged: it stays as it landed.`);
  }
  await noteOf(em, by, row, 'edited', before, { ...after, ...told });
}

/** An open merge request is closed; its branch goes where `branch` says so. */
export function closing(caller: Caller, row: MergeRequest, branch: RefUpdate[] = []): Step {
  const decided_by = auditOf(caller).actor_id;
  return {
    mergeRequest: row.id,
    // Its head does not move, but it must be the one that was looked at.
    updates: [stillOpen(row.id), { ref: headRef(row.id), from: row.head, to: row.head }, ...branch],
    // Where a branch goes, the refs alone would not tell who took it away.
    ...(branch.length > 0 && {
      begin: (em) => noteDecider(em, row.id, decided_by),
      undo: (em) => noteDecider(em, row.id, null),
    }),
    async finish(em) {
      const how = { state: 'closed' as const, decided_by, decided_at: new Date() };
      if (!(await updateMergeRequest(em, row.id, how))) {
        throw new Problem('conflict', `Merge request !${row.id} was merged in the meantime.`);
      }
      await note(em, caller, row, 'closed', { state: row.state }, { state: 'closed' });
    },
  };
}

/**
 * Carries the steps out together. Throws `Problem` `conflict` where somebody else was faster. A definition
 * without versions is what its newest merge request proposes, so its index entry follows too.
 */
export async function carryOut(
  rooms: LandingRooms,
  repository: Repository,
  steps: Step[],
): Promise<void> {
  const { store, repositories } = rooms;
  if (steps.length === 0) return;
  await repositories.note(repository.name);
  try {
    const updates = steps.flatMap((step) => step.updates);
    await noted(rooms, repository.name, steps, () => repository.updateRefs(updates));
  } catch (error) {
    throw await asConflict(repository, steps, error);
  }
  const finish = async (em: EntityManager) => {
    for (const step of steps) await step.finish(em);
  };
  try {
    if ((await repository.head()) === null)
      await indexRepository(rooms, repository, {
        async also(em, indexed) {
          // The first version may have landed since: whoever indexes it writes its entries, as nobody does so later.
          await auditLanded(em, indexed);
          await finish(em);
        },
      });
    else await store.transaction(finish);
  } catch (error) {
    // A closing that was overtaken has moved nothing; whatever else fails here is for repair to find.
    if (error instanceof Problem) await repositories.strike(repository.name);
    throw error;
  }
  await repositories.strike(repository.name);
}

/**
 * Notes in the database what the refs are about to do, then moves them. Where it is certain that they did not move, all
 * of it is taken back, the note in the journal as well; else that stays, and the next start finds out.
 */
export async function noted(
  { store, repositories }: LandingRooms,
  name: string,
  intents: readonly Intent[],
  move: () => Promise<void>,
): Promise<void> {
  try {
    await begin(store, intents);
  } catch (error) {
    await repositories.strike(name);
    throw error;
  }
  try {
    await move();
  } catch (error) {
    // Either is thrown before any ref moves, or by what would have moved them all.
    if (error instanceof RepositoryError || error instanceof Problem) {
      await undo(store, intents);
      await repositories.strike(name);
    }
    throw error;
  }
}

async function begin(store: LandingRooms['store'], intents: readonly Intent[]): Promise<void> {
  const noting = intents.filter(({ begin }) => begin !== undefined);
  if (noting.length === 0) return;
  const write = async (em: EntityManager) => {
    for (const intent of noting) await intent.begin?.(em);
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

async function undo(store: LandingRooms['store'], intents: readonly Intent[]): Promise<void> {
  if (!intents.some(({ undo }) => undo !== undefined)) return;
  await store.transaction(async (em) => {
    for (const intent of intents) await intent.undo?.(em);
  });
}

async function asConflict(repository: Repository, steps: Step[], error: unknown): Promise<unknown> {
  if (!(error instanceof RepositoryError) || error.code !== 'ref_conflict') return error;
  const refs = await repository.refs();
  const [landed] = steps.flatMap(({ mergeRequest }) => landingOf(refs, mergeRequest) ?? []);
  return new Problem(
    'conflict',
    landed
      ? `Merge request !${landed.id} was merged as version ${landed.version} in the meantime: it stays as it landed. What you want beyond that is a new change.`
      : `${repository.name} has changed in the meantime (${error.message}). Look at it again and repeat what you did.`,
    undefined,
    { cause: error },
  );
}
