/** Edits, closes and reopens a merge request. */

import { FOR_MAIN, headRef, isBranch } from '../../../text/refs.ts';
import { Problem } from '../../errors.ts';
import type { MergeRequestChange } from '../../schemas/review.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import { lockDefinition } from '../../store/indexing.ts';
import {
  findMergeRequest,
  undecidedMergeRequests,
  updateMergeRequest,
} from '../../store/merge-requests.ts';
import { auditMergeRequest } from '../audit/entries.ts';
import { auditFieldsOf, authorize, type Caller } from '../caller.ts';
import type { SaveDeps } from '../deps.ts';
import { applySteps, requireUnlanded } from '../landing/transaction.ts';
import { actionOn, loadMergeRequest } from './facts.ts';
import { applyEdits, closeStep } from './steps.ts';

/** Loads the merge request if the caller may edit it: its author while they may take part, and admins of the lab. */
async function authorizeEdit(deps: SaveDeps, caller: Caller, id: number): Promise<MergeRequest> {
  const row = await loadMergeRequest(deps, caller, id);
  const own = row.author_id !== null && auditFieldsOf(caller).actor_id === row.author_id;
  const verb = own ? 'discuss' : 'decide';
  authorize(caller, actionOn(row, verb), deps.rules, 'merge request');
  return row;
}

/** `PUT /api/merge-requests/:id`. Throws `conflict` if the merge request has landed. */
export async function editMergeRequest(
  deps: SaveDeps,
  caller: Caller,
  id: number,
  change: MergeRequestChange,
): Promise<void> {
  const row = await authorizeEdit(deps, caller, id);
  const repository = (await deps.repositories.exists(row.definition))
    ? await deps.repositories.open(row.definition)
    : null;
  await deps.store.transaction(async (em) => {
    await applyEdits(em, auditFieldsOf(caller), row, change);
    if (repository && row.state === 'open') await requireUnlanded(repository, [row.id]);
  });
}

/** `POST …/close`. Closing keeps the branch. */
export async function closeMergeRequest(deps: SaveDeps, caller: Caller, id: number): Promise<void> {
  const row = await authorizeEdit(deps, caller, id);
  if (row.state !== 'open') throw new Problem('conflict', `Merge request !${id} is ${row.state}.`);
  const repository = await deps.repositories.open(row.definition);
  await applySteps(deps, repository, [closeStep(caller, row)]);
}

/** `POST …/reopen`. Throws `conflict` if another merge request from the same source is open. */
export async function reopenMergeRequest(
  deps: SaveDeps,
  caller: Caller,
  id: number,
): Promise<void> {
  const row = await authorizeEdit(deps, caller, id);
  if (row.state !== 'closed') {
    throw new Problem('conflict', `Merge request !${id} is ${row.state}.`);
  }
  const definition = row.definition_id;
  if (definition === null) {
    throw new Problem('conflict', `The name ${row.definition} now belongs to another definition.`);
  }
  await requireBranch(deps, row);
  await deps.store.transaction(async (em) => {
    await lockDefinition(em, definition);
    // Before the lock was taken, another request may have reopened it, or the definition's name may have become free.
    const now = await findMergeRequest(em, id);
    if (now?.state !== 'closed' || now.definition_id !== definition) {
      throw new Problem('conflict', `Merge request !${id} has changed in the meantime. Try again.`);
    }
    const open = await undecidedMergeRequests(em, definition);
    const other = open.find(
      ({ source_ref, author_id }) =>
        source_ref === row.source_ref && (source_ref !== FOR_MAIN || author_id === row.author_id),
    );
    if (other)
      throw new Problem(
        'conflict',
        `Merge request !${other.id} is open and has the same source as merge request !${id}.`,
      );
    await updateMergeRequest(em, id, { state: 'open', decided_by: null, decided_at: null });
    await auditMergeRequest(
      em,
      auditFieldsOf(caller),
      row,
      'reopened',
      { state: 'closed' },
      { state: 'open' },
    );
  });
}

/** Throws `conflict` if the branch has changed since the merge request was closed. */
async function requireBranch(deps: SaveDeps, row: MergeRequest): Promise<void> {
  const refs = await (await deps.repositories.open(row.definition)).refs();
  const source = isBranch(row.source_ref) ? row.source_ref : headRef(row.id);
  if (refs.get(source)?.oid === row.head) return;
  throw new Problem(
    'conflict',
    `${source} has changed since merge request !${row.id} was closed. Push the branch again to open a new merge request.`,
  );
}
