/**
 * Repairs merge requests after a crash. The refs show what happened. The intents that the database recorded before the
 * refs moved show who did it.
 */
import type { Repository } from '../../../repos/types.ts';
import { headRef, isBranch } from '../../../text/refs.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import {
  findHead,
  removeHeadsAfter,
  removeHeadsAfterDecisions,
  removeOpening,
  undecidedMergeRequests,
  updateMergeRequest,
} from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { usersById } from '../../store/users.ts';
import { auditMergeRequest, byRecorded } from '../audit/entries.ts';
import { applyHead, openingFields } from './steps.ts';

const TOLD = { repaired: true };

/**
 * Updates the database, with audit entries, where refs moved and the database did not follow. Reverts recorded intents
 * where the refs did not move. Closes merge requests of deleted branches. Returns whether anything was repaired.
 */
export async function repairMergeRequests(
  em: EntityManager,
  repository: Repository,
  definitionId: number,
): Promise<boolean> {
  const refs = await repository.refs();
  // A push can record a new head while somebody closes or merges the merge request. Its ref never moved.
  let repaired = (await removeHeadsAfterDecisions(em, definitionId)) > 0;
  for (const row of await undecidedMergeRequests(em, definitionId)) {
    const head = refs.get(headRef(row.id))?.oid;
    const gone = isBranch(row.source_ref) && !refs.has(row.source_ref);
    if (head !== undefined && (await removeHeadsAfter(em, row.id, head)) > 0) repaired = true;
    if (row.state === 'open' && head === row.head && !gone) continue;
    repaired = true;
    if (head === undefined) await removeOpening(em, row.id);
    else await followRefs(em, row, { head, gone });
  }
  return repaired;
}

async function followRefs(
  em: EntityManager,
  row: MergeRequest,
  { head, gone }: { head: string; gone: boolean },
): Promise<void> {
  const noted = await findHead(em, row.id, head);
  const people = await usersById(em, [row.author_id, noted?.pushed_by ?? null, row.decided_by]);
  const by = (id: number | null) => byRecorded(id === null ? null : (people.get(id) ?? null));
  if (row.state === 'opening') {
    await updateMergeRequest(em, row.id, { state: 'open' });
    await auditMergeRequest(em, by(row.author_id), row, 'opened', null, {
      ...openingFields(row),
      ...TOLD,
    });
  }
  if (head !== row.head) {
    const to = noted ?? { ...row, head, edits: null };
    await applyHead(em, by(noted?.pushed_by ?? null), row, to, TOLD);
  }
  if (!gone) return;
  await updateMergeRequest(em, row.id, { state: 'closed', decided_at: new Date() });
  const [before, after] = [{ state: 'open' }, { state: 'closed', ...TOLD }];
  await auditMergeRequest(em, by(row.decided_by), row, 'closed', before, after);
}
