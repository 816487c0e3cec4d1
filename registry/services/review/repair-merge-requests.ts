/**
 * Repairs merge requests after a crash, or after the database was set back. The refs show what happened. The intents that
 * the database recorded before the refs moved show who did it.
 */
import type { Oid, Refs, Repository } from '../../../repos/types.ts';
import { headRef, isBranch, MAIN } from '../../../text/refs.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import {
  addHead,
  closedMergeRequests,
  findHead,
  type NewHead,
  removeHeadsAfter,
  removeHeadsAfterDecisions,
  removeOpening,
  undecidedMergeRequests,
  updateMergeRequest,
} from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { usersById } from '../../store/users.ts';
import { auditMergeRequest, byRecorded } from '../audit/entries.ts';
import { baseOf, commitsBeyondVersions } from '../content/history.ts';
import { examine } from './examine.ts';
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
  let repaired = false;
  // A push that began before somebody closed the merge request may move its head afterwards.
  for (const row of await closedMergeRequests(em, definitionId)) {
    const { head = row.head } = shownBy(refs, row);
    if (head === row.head) continue;
    await followRefs(em, repository, row, { head, gone: false });
    repaired = true;
  }
  // A push can record a new head while somebody closes or merges the merge request. If the ref did not move, nothing is left.
  if ((await removeHeadsAfterDecisions(em, definitionId)) > 0) repaired = true;
  for (const row of await undecidedMergeRequests(em, definitionId)) {
    const { head, gone } = shownBy(refs, row);
    if (head !== undefined && (await removeHeadsAfter(em, row.id, head)) > 0) repaired = true;
    if (row.state === 'open' && head === row.head && !gone) continue;
    repaired = true;
    if (head === undefined) await removeOpening(em, row.id);
    else await followRefs(em, repository, row, { head, gone });
  }
  return repaired;
}

/**
 * Open merge requests that differ from the refs, in words, if nobody is just changing them: the database or the repository
 * was set back.
 */
export async function apartFromRefs(
  em: EntityManager,
  repository: Repository,
  definitionId: number,
): Promise<string[]> {
  const rows = await undecidedMergeRequests(em, definitionId);
  const refs = await repository.refs();
  return rows.flatMap((row) => {
    const { head, gone } = shownBy(refs, row);
    if (row.state !== 'open' || (head === row.head && !gone)) return [];
    const inGit = gone ? 'its branch is deleted in git' : `its head is ${head ?? 'missing'} in git`;
    return [`merge request !${row.id}: its head is ${row.head} in the index, but ${inGit}`];
  });
}

/** What the refs say of a merge request: its head, and whether its branch was deleted. */
const shownBy = (refs: Refs, { id, source_ref }: MergeRequest) => ({
  head: refs.get(headRef(id))?.oid,
  gone: isBranch(source_ref) && !refs.has(source_ref),
});

/**
 * A head that the database does not know, because it was set back. Nobody knows who pushed it, so it counts as pushed by
 * the author of the merge request, who may not approve it.
 */
async function addForgotten(
  em: EntityManager,
  repository: Repository,
  { id, author_id }: MergeRequest,
  head: Oid,
): Promise<NewHead> {
  const refs = await repository.refs();
  const commits = await commitsBeyondVersions(repository, refs, head);
  const base = baseOf(refs, refs.get(MAIN)?.oid ?? null, commits) ?? null;
  const examined = await examine(repository, base, head, commits);
  const forgotten = { ...examined, pushed_by: author_id, edits: null };
  await addHead(em, id, forgotten);
  return forgotten;
}

async function followRefs(
  em: EntityManager,
  repository: Repository,
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
    const to = noted ?? (await addForgotten(em, repository, row, head));
    await applyHead(em, by(noted?.pushed_by ?? null), row, to, TOLD);
  }
  if (!gone) return;
  await updateMergeRequest(em, row.id, { state: 'closed', decided_at: new Date() });
  const [before, after] = [{ state: 'open' }, { state: 'closed', ...TOLD }];
  await auditMergeRequest(em, by(row.decided_by), row, 'closed', before, after);
}
