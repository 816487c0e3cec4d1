/** A merge request's title and state: edited, closed, reopened. */

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
import { auditOf, type Caller, demand } from '../caller.ts';
import type { SaveDeps } from '../deps.ts';
import { applySteps } from '../landing/transaction.ts';
import { seen } from './facts.ts';
import { closing, edited } from './steps.ts';

/** Its author, as long as they may take part, and admins of the lab. */
async function owned(deps: SaveDeps, caller: Caller, id: number): Promise<MergeRequest> {
  const row = await seen(deps, caller, id);
  const own = row.author_id !== null && auditOf(caller).actor_id === row.author_id;
  const verb = own ? 'discuss' : 'decide';
  const action = { on: 'merge-request', do: verb, labId: row.lab_id } as const;
  demand(caller, action, deps.rules, 'merge request');
  return row;
}

/** `PUT /api/merge-requests/:id`, of one that has not landed. */
export async function edit(
  deps: SaveDeps,
  caller: Caller,
  id: number,
  change: MergeRequestChange,
): Promise<void> {
  const row = await owned(deps, caller, id);
  await deps.store.transaction((em) => edited(em, auditOf(caller), row, change));
}

/** `POST …/close`. The branch stays where it is. */
export async function close(deps: SaveDeps, caller: Caller, id: number): Promise<void> {
  const row = await owned(deps, caller, id);
  if (row.state !== 'open') throw new Problem('conflict', `Merge request !${id} is ${row.state}.`);
  const repository = await deps.repositories.open(row.definition);
  await applySteps(deps, repository, [closing(caller, row)]);
}

/** `POST …/reopen`, where nothing else took its place. */
export async function reopen(deps: SaveDeps, caller: Caller, id: number): Promise<void> {
  const row = await owned(deps, caller, id);
  if (row.state !== 'closed') {
    throw new Problem('conflict', `Merge request !${id} is ${row.state}.`);
  }
  const definition = row.definition_id;
  if (definition === null) {
    throw new Problem(
      'conflict',
      `The name ${row.definition} has been given to another definition.`,
    );
  }
  await demandBranch(deps, row);
  await deps.store.transaction(async (em) => {
    await lockDefinition(em, definition);
    // The name may have been freed, or somebody else been faster, until the lock was had.
    const now = await findMergeRequest(em, id);
    if (now?.state !== 'closed' || now.definition_id !== definition) {
      throw new Problem('conflict', `Merge request !${id} has changed in the meantime. Try again.`);
    }
    const open = await undecidedMergeRequests(em, definition);
    const other = open.find(
      ({ source_ref, author_id }) =>
        source_ref === row.source_ref && (source_ref !== FOR_MAIN || author_id === row.author_id),
    );
    if (other) throw new Problem('conflict', `Merge request !${other.id} has taken its place.`);
    await updateMergeRequest(em, id, { state: 'open', decided_by: null, decided_at: null });
    await auditMergeRequest(
      em,
      auditOf(caller),
      row,
      'reopened',
      { state: 'closed' },
      { state: 'open' },
    );
  });
}

/** What was closed must still be there as it was. */
async function demandBranch(deps: SaveDeps, row: MergeRequest): Promise<void> {
  const refs = await (await deps.repositories.open(row.definition)).refs();
  const source = isBranch(row.source_ref) ? row.source_ref : headRef(row.id);
  if (refs.get(source)?.oid === row.head) return;
  throw new Problem(
    'conflict',
    `${source} is not what it was when !${row.id} was closed. Push it again: that opens a new merge request.`,
  );
}
