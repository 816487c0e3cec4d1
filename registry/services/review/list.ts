/** Lists of merge requests. */
import { viewerOf } from '../../access/decide.ts';
import type { MergeRequestQuery } from '../../schemas/review.ts';
import { listMergeRequests } from '../../store/merge-requests.ts';
import { usersById } from '../../store/users.ts';
import { authorize, type Caller } from '../caller.ts';
import { answerPage, splitPage } from '../pages.ts';
import type { ReviewDeps } from './facts.ts';
import { summaryOf } from './view.ts';

/** `GET /api/merge-requests`: the merge requests that the caller may see, newest first. */
export async function listMergeRequestsFor(
  deps: ReviewDeps,
  caller: Caller,
  query: MergeRequestQuery,
) {
  authorize(caller, { on: 'merge-requests', do: 'list' }, deps.rules, 'merge request');
  const em = deps.store.em();
  const viewer = viewerOf(caller.actor, deps.rules);
  const { page, filters } = splitPage(query);
  const found = await listMergeRequests(em, { viewer, filters, ...page });
  const people = await usersById(
    em,
    found.items.flatMap(({ author_id, decided_by }) => [author_id, decided_by]),
  );
  return answerPage(
    page,
    found,
    found.items.map((row) => summaryOf(deps, row, people)),
  );
}
