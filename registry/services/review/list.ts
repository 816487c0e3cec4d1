/** Lists of merge requests. */
import { viewerOf } from '../../access/decide.ts';
import type { MergeRequestQuery } from '../../schemas/review.ts';
import { listMergeRequests } from '../../store/merge-requests.ts';
import { usersById } from '../../store/users.ts';
import { type Caller, demand } from '../caller.ts';
import type { ReviewRooms } from './facts.ts';
import { summaryOf } from './view.ts';

/** `GET /api/merge-requests`: newest first, those of labs where the caller may propose. */
export async function list(
  rooms: ReviewRooms,
  caller: Caller,
  { page, per_page, ...filters }: MergeRequestQuery,
) {
  demand(caller, { on: 'site', do: 'sign-in' }, rooms.rules, 'merge request');
  const em = rooms.store.em();
  const viewer = viewerOf(caller.actor, rooms.rules);
  const { items, total } = await listMergeRequests(em, {
    viewer,
    filters,
    page,
    perPage: per_page,
  });
  const people = await usersById(
    em,
    items.flatMap(({ author_id, decided_by }) => [author_id, decided_by]),
  );
  return { items: items.map((row) => summaryOf(rooms, row, people)), total, page, per_page };
}
