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

/** Each branch has one merge request. A person's saves and pushes to `refs/for/main` share one merge request. */
export const sourceOf = (ref: string, author_id: number | null): Source =>
  ref === FOR_MAIN ? { source_ref: ref, author_id } : { source_ref: ref };

/** The ref update fails if the merge request has landed, so its head cannot move even while it lands. */
const requireOpen = (id: number): RefUpdate => ({ ref: mergeRef(id), from: null, to: null });

/** The step that opens a merge request. `branch` updates the branch in the same transaction. */
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

/** The fields of a new merge request that its audit entry contains. */
export const openingFields = (row: Omit<NewMergeRequest, 'changes'>) => ({
  title: row.title,
  description: row.description,
  draft: row.draft,
  head: row.head,
  base: row.base,
  source_ref: row.source_ref,
});

/** The step that moves an open merge request to a new head. The pusher is the caller unless `pushed_by` is given. */
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
    // Somebody whose push failed must not count as a participant, because participants may not approve.
    undo: (em) => removeHead(em, noted),
  };
}

type Moved = Pick<NewHead, 'head' | 'base' | 'changes' | 'edits'>;

/** Updates the database after the refs moved to a new head. `extra` are additional fields for the audit entry. */
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

/** The step that changes title, description or draft. It moves no ref. */
export const editStep = (caller: Caller, row: MergeRequest, edits: Edits): Step => ({
  mergeRequest: row.id,
  updates: [requireOpen(row.id)],
  finish: (em) => applyEdits(em, auditFieldsOf(caller), row, edits),
});

/** Throws `conflict` if the merge request has landed, because a landed merge request never changes. */
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

/** The step that closes an open merge request. `branch` deletes or moves the branch in the same transaction. */
export function closeStep(caller: Caller, row: MergeRequest, branch: RefUpdate[] = []): Step {
  const decided_by = auditFieldsOf(caller).actor_id;
  return {
    mergeRequest: row.id,
    // The update keeps the head, and fails if the head has moved since the caller saw it.
    updates: [
      requireOpen(row.id),
      { ref: headRef(row.id), from: row.head, to: row.head },
      ...branch,
    ],
    // Repair after a crash needs the caller from the database, because the refs do not show who deleted a branch.
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
