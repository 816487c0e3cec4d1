/** Merge requests after a crash: the refs say what happened, the notes beforehand say by whom. */
import type { Repository } from '../../../repos/types.ts';
import {
  findHead,
  removeHeadsAfter,
  removeOpening,
  undecidedMergeRequests,
  updateMergeRequest,
} from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { headRef } from './steps.ts';

/** True where something had to be mended. A merge request whose branch was deleted is closed. */
export async function mendMergeRequests(
  em: EntityManager,
  repository: Repository,
  definitionId: number,
): Promise<boolean> {
  const refs = await repository.refs();
  let mended = false;
  for (const row of await undecidedMergeRequests(em, definitionId)) {
    const head = refs.get(headRef(row.id))?.oid;
    const gone = row.source_ref.startsWith('refs/heads/') && !refs.has(row.source_ref);
    if (head !== undefined && (await removeHeadsAfter(em, row.id, head)) > 0) mended = true;
    if (row.state === 'open' && head === row.head && !gone) continue;
    mended = true;
    if (head === undefined) {
      await removeOpening(em, row.id);
      continue;
    }
    const noted = await findHead(em, row.id, head);
    await updateMergeRequest(em, row.id, {
      state: gone ? 'closed' : 'open',
      head,
      ...(noted && { base: noted.base, changes: noted.changes }),
    });
  }
  return mended;
}
