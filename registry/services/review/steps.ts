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

/** One merge request per branch; pushes to `refs/for/main` and saves share one per person. */
export const sourceOf = (ref: string, author_id: number | null): Source =>
  ref === FOR_MAIN ? { source_ref: ref, author_id } : { source_ref: ref };

/** A merge request must not move once it has landed, not even at the moment it lands. */
const requireOpen = (id: number): RefUpdate => ({ ref: mergeRef(id), from: null, to: null });

/** Opens a merge request; `branch` moves with it, if it has one. */
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

/** The fields of a new merge request in the audit trail. */
export const openingFields = (row: Omit<NewMergeRequest, 'changes'>) => ({
  title: row.title,
  description: row.description,
  draft: row.draft,
  head: row.head,
  base: row.base,
  source_ref: row.source_ref,
});

/** Moves an open merge request to another head, pushed by the caller unless `pushed_by` says otherwise. */
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
    // A failed push does not make a participant.
    undo: (em) => removeHead(em, noted),
  };
}

type Moved = Pick<NewHead, 'head' | 'base' | 'changes' | 'edits'>;

/** Updates the database for a head that the refs have; `told` are further fields for the audit trail. */
export async function applyHead(
  em: EntityManager,
  by: By,
  row: MergeRequest,
  { head, base, changes, edits }: Moved,
  extra: object = {},
): Promise<void> {
  await updateMergeRequest(em, row.id, { head, base, changes });
  const before = { head: row.head, base: row.base };
  await auditMergeRequest(em, by, row, 'updated', before, { head, base, ...extra });
  await applyEdits(em, by, row, edits ?? {}, extra);
}

/** Changes title, description or draft, and no ref. */
export const editStep = (caller: Caller, row: MergeRequest, edits: Edits): Step => ({
  mergeRequest: row.id,
  updates: [requireOpen(row.id)],
  finish: (em) => applyEdits(em, auditFieldsOf(caller), row, edits),
});

/** Throws `conflict` if it has landed, because then nothing about it changes. */
export async function applyEdits(
  em: EntityManager,
  by: By,
  row: MergeRequest,
  edits: Edits,
  extra: object = {},
): Promise<void> {
  const before = pick(row, EDITED);
  const after = { ...before, ...pick(edits, EDITED) };
  if (isDeepStrictEqual(before, after)) return;
  if (!(await updateMergeRequest(em, row.id, after))) {
    throw new Problem('conflict', `Merge request !${row.id} is merged and cannot be changed.`);
  }
  await auditMergeRequest(em, by, row, 'edited', before, { ...after, ...extra });
}

/** Closes an open merge request; `branch` deletes or moves its branch. */
export function closeStep(caller: Caller, row: MergeRequest, branch: RefUpdate[] = []): Step {
  const decided_by = auditFieldsOf(caller).actor_id;
  return {
    mergeRequest: row.id,
    // The head does not move, but must still be the one that the caller saw.
    updates: [
      requireOpen(row.id),
      { ref: headRef(row.id), from: row.head, to: row.head },
      ...branch,
    ],
    // The refs alone do not show who deleted a branch.
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
