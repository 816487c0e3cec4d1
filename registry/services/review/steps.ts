/** The steps that change a merge request: open it, move its head, edit it, close it. */
import { isDeepStrictEqual } from 'node:util';
import type { RefUpdate } from '../../../repos/types.ts';
import { FOR_MAIN, headRef, mergeRef } from '../../../text/refs.ts';
import { Problem } from '../../errors.ts';
import { pick } from '../../schemas/pick.ts';
import type { Edits, MergeRequest } from '../../store/entities/index.ts';
import {
  addHead,
  addMergeRequest,
  EDITED,
  type NewHead,
  type NewMergeRequest,
  removeHead,
  removeOpening,
  type Source,
  setDecider,
  updateMergeRequest,
} from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditMergeRequest } from '../audit/entries.ts';
import { auditFieldsOf, type By, type Caller } from '../caller.ts';
import type { Step } from '../landing/transaction.ts';
import type { Examined } from './examine.ts';

/** One for each branch; of what is pushed to for main, and saved, each person has one. */
export const sourceOf = (ref: string, author_id: number | null): Source =>
  ref === FOR_MAIN ? { source_ref: ref, author_id } : { source_ref: ref };

/** Nothing moves what has landed, not even in the moment in which it lands. */
const requireOpen = (id: number): RefUpdate => ({ ref: mergeRef(id), from: null, to: null });

/** A new merge request; `branch` moves with it where it has one. */
export function openStep(
  caller: Caller,
  fields: Omit<NewMergeRequest, 'head' | 'base' | 'changes' | 'author' | 'author_id'>,
  head: Examined,
  branch: RefUpdate[] = [],
): Step {
  const { id } = fields;
  const by = auditFieldsOf(caller);
  const { authors, ...at } = head;
  const whole = { ...fields, ...at, author: by.actor, author_id: by.actor_id };
  return {
    mergeRequest: id,
    updates: [{ ref: headRef(id), from: null, to: head.head }, ...branch],
    begin: (em) => addMergeRequest(em, whole, { ...head, pushed_by: by.actor_id }),
    async finish(em) {
      await updateMergeRequest(em, id, { state: 'open' });
      await auditMergeRequest(
        em,
        auditFieldsOf(caller),
        whole,
        'opened',
        null,
        openingFields(whole),
      );
    },
    undo: (em) => removeOpening(em, id),
  };
}

/** What the trail keeps of a new one. */
export const openingFields = (row: Omit<NewMergeRequest, 'changes'>) => ({
  title: row.title,
  description: row.description,
  draft: row.draft,
  head: row.head,
  base: row.base,
  source_ref: row.source_ref,
});

/** An open merge request gets another head, of whoever asks for it unless `pushed_by` says otherwise. */
export function moveStep(
  caller: Caller,
  row: MergeRequest,
  examined: Examined & Partial<Pick<NewHead, 'pushed_by' | 'edits'>>,
  branch: RefUpdate[] = [],
): Step {
  const by = auditFieldsOf(caller);
  const head: NewHead = { pushed_by: by.actor_id, edits: null, ...examined };
  let noted = 0;
  return {
    mergeRequest: row.id,
    updates: [
      requireOpen(row.id),
      { ref: headRef(row.id), from: row.head, to: head.head },
      ...branch,
    ],
    async begin(em) {
      noted = await addHead(em, row.id, head);
    },
    finish: (em) => applyHead(em, by, row, head),
    // Whoever pushed in vain has no part in it.
    undo: (em) => removeHead(em, noted),
  };
}

type Moved = Pick<NewHead, 'head' | 'base' | 'changes' | 'edits'>;

/** The database follows a head that the refs have; `told` is what the trail says of it beyond that. */
export async function applyHead(
  em: EntityManager,
  by: By,
  row: MergeRequest,
  { head, base, changes, edits }: Moved,
  told: object = {},
): Promise<void> {
  await updateMergeRequest(em, row.id, { head, base, changes });
  const before = { head: row.head, base: row.base };
  await auditMergeRequest(em, by, row, 'updated', before, { head, base, ...told });
  await applyEdits(em, by, row, edits ?? {}, told);
}

/** Title, description or draft change, and no ref. */
export const editStep = (caller: Caller, row: MergeRequest, edits: Edits): Step => ({
  mergeRequest: row.id,
  updates: [requireOpen(row.id)],
  finish: (em) => applyEdits(em, auditFieldsOf(caller), row, edits),
});

/** Throws `conflict` where it has landed: it stays as it landed. */
export async function applyEdits(
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
    throw new Problem('conflict', `Merge request !${row.id} is merged and cannot be changed.`);
  }
  await auditMergeRequest(em, by, row, 'edited', before, { ...after, ...told });
}

/** An open merge request is closed; its branch goes where `branch` says so. */
export function closeStep(caller: Caller, row: MergeRequest, branch: RefUpdate[] = []): Step {
  const decided_by = auditFieldsOf(caller).actor_id;
  return {
    mergeRequest: row.id,
    // Its head does not move, but it must be the one that was looked at.
    updates: [
      requireOpen(row.id),
      { ref: headRef(row.id), from: row.head, to: row.head },
      ...branch,
    ],
    // Where a branch goes, the refs alone would not tell who took it away.
    ...(branch.length > 0 && {
      begin: (em) => setDecider(em, row.id, decided_by),
      undo: (em) => setDecider(em, row.id, null),
    }),
    async finish(em) {
      const how = { state: 'closed' as const, decided_by, decided_at: new Date() };
      if (!(await updateMergeRequest(em, row.id, how))) {
        throw new Problem('conflict', `Merge request !${row.id} was merged in the meantime.`);
      }
      await auditMergeRequest(
        em,
        auditFieldsOf(caller),
        row,
        'closed',
        { state: row.state },
        { state: 'closed' },
      );
    },
  };
}
