/** Reads and writes merge requests and their heads. */
import { type FilterQuery, raw } from '@mikro-orm/core';
import { fieldsOf, pick } from '../schemas/pick.ts';
import { MergeRequestChange } from '../schemas/review.ts';
import { writtenColumns } from './columns.ts';
import type { Key } from './cursor.ts';
import { MergeRequest, MergeRequestHead, type MergeRequestState } from './entities/index.ts';
import { listEntities } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';
import type { Viewer } from './visibility.ts';

const COLUMNS = [
  ...(['id', 'definition_id', 'definition', 'lab_id', 'title', 'description', 'draft'] as const),
  ...(['source_ref', 'author_id', 'author', 'head', 'base', 'changes'] as const),
];
export type NewMergeRequest = Pick<MergeRequest, (typeof COLUMNS)[number]>;

/** A proposed commit, its changes, and the title, description and draft state that were pushed with it. */
export type NewHead = Pick<
  MergeRequestHead,
  'head' | 'base' | 'changes' | 'pushed_by' | 'authors' | 'edits'
>;

const UNDECIDED: MergeRequestState[] = ['opening', 'open'];

/** Takes the next number from the sequence. Must be called before the merge request is written anywhere. */
export async function allocateMergeRequestId(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ id: string | number }]>(
    `select nextval('merge_requests_id_seq') as id`,
  );
  return Number(row.id);
}

/** Moves the sequence past a number that is used in git, so that a rebuilt database does not use the number again. */
export async function advanceMergeRequestIds(em: EntityManager, past: number): Promise<void> {
  if (past < 1) return;
  await em.execute(
    `select setval('merge_requests_id_seq', greatest(last_value, ?)) from merge_requests_id_seq`,
    [past],
  );
}

/**
 * Creates a merge request in state `opening`, and its first head, in one statement. Throws `unique_violation`
 * (`merge_requests_branch_key`, `merge_requests_for_main_key`) if the same source has an open merge request.
 */
export async function addMergeRequest(
  em: EntityManager,
  fields: NewMergeRequest,
  head: Omit<NewHead, 'edits'>,
): Promise<void> {
  await em.execute(
    `with opened as (insert into merge_requests (state, ${COLUMNS.join(', ')})
                     values ('opening', ${COLUMNS.map(() => '?').join(', ')}) returning id)
     ${ADD_HEAD} from (select ?::jsonb as authors) a, opened`,
    [...COLUMNS.map((column) => fields[column]), ...valuesOf({ ...head, edits: null })],
    'run',
  );
}

/** Also stores the accounts of the authors, because their addresses may change later. */
const ADD_HEAD = `insert into merge_request_heads
    (merge_request_id, head, base, changes, pushed_by, edits, authors, author_ids)
  select id, ?::text, ?::text, ?::text, ?::int, ?::jsonb, a.authors,
         (select coalesce(jsonb_agg(u.id order by u.id), '[]') from users u
           where a.authors @> to_jsonb(mailbox_of(u.email)))`;

const valuesOf = ({ head, base, changes, pushed_by, edits, authors }: NewHead) => [
  ...[head, base, changes, pushed_by],
  ...[edits && JSON.stringify(edits), JSON.stringify(authors)],
];

/** Adds a row for a head before the refs move to it. Returns the id of the row. */
export async function addHead(em: EntityManager, id: number, head: NewHead): Promise<number> {
  const [row] = await em.execute<[{ id: number }]>(
    `${ADD_HEAD} from (select ?::jsonb as authors) a, (select ?::int as id) opened returning id`,
    [...valuesOf(head), id],
  );
  return row.id;
}

/** Deletes the row of a head because the refs could not be moved to it. */
export async function removeHead(em: EntityManager, note: number): Promise<void> {
  await em.nativeDelete(MergeRequestHead, { id: note });
}

/** Deletes the rows of heads after `head`, the current one. Returns how many it deleted. */
export async function removeHeadsAfter(
  em: EntityManager,
  id: number,
  head: string,
): Promise<number> {
  const at = await findHead(em, id, head);
  if (!at) return 0;
  return await em.nativeDelete(MergeRequestHead, { merge_request_id: id, id: { $gt: at.id } });
}

/**
 * Deletes the rows of heads after the last one, for all merged and closed merge requests of a definition. The head of
 * such a merge request no longer changes. Returns how many it deleted.
 */
export async function removeHeadsAfterDecisions(
  em: EntityManager,
  definitionId: number,
): Promise<number> {
  const gone = await em.execute(
    `delete from merge_request_heads h using merge_requests m
      where m.id = h.merge_request_id and m.definition_id = ? and m.state in ('merged', 'closed')
        and h.id > (select max(id) from merge_request_heads
                     where merge_request_id = m.id and head = m.head)
     returning h.id`,
    [definitionId],
  );
  return gone.length;
}

/** Deletes a merge request because its refs could not be created. */
export async function removeOpening(em: EntityManager, id: number): Promise<void> {
  await em.nativeDelete(MergeRequest, { id, state: 'opening' });
}

/** The columns that a request may set. */
export const EDITED = fieldsOf(MergeRequestChange);
/** The columns that follow from refs, and from merging or closing. */
const FOLLOWING = ['state', 'decided_by', 'decided_at', 'head', 'base', 'changes'] as const;
/** The columns that are set only when a merge request is opened or merged. */
const KEPT = [
  ...(['id', 'definition_id', 'definition', 'lab_id', 'source_ref', 'author_id'] as const),
  ...(['author', 'merged_version', 'created_at', 'updated_at'] as const),
];
const WRITTEN = writtenColumns(MergeRequest, [...EDITED, ...FOLLOWING], KEPT);
export type MergeRequestFields = Pick<MergeRequest, (typeof WRITTEN)[number]>;

/** Changes the given columns. Returns false if the merge request has landed, because it then never changes. */
export async function updateMergeRequest(
  em: EntityManager,
  id: number,
  changes: Partial<MergeRequestFields>,
): Promise<boolean> {
  const written = { updated_at: new Date(), ...pick(changes, WRITTEN) };
  const changed = await em.nativeUpdate(MergeRequest, { id, state: { $ne: 'merged' } }, written);
  return changed > 0;
}

/** Stores who is about to merge or close a merge request. The API shows this person only afterwards. */
export async function setDecider(em: EntityManager, id: number, who: number | null) {
  await em.nativeUpdate(MergeRequest, { id, state: 'open' }, { decided_by: who });
}

/** Returns false and changes nothing if the merge request is already merged, is deleted, or has another definition. */
export async function markMergeRequestMerged(
  em: EntityManager,
  definitionId: number,
  id: number,
  how: Pick<MergeRequest, 'merged_version' | 'decided_by' | 'decided_at'>,
): Promise<boolean> {
  const changed = await em.nativeUpdate(
    MergeRequest,
    { id, definition_id: definitionId, state: { $ne: 'merged' } },
    { ...how, state: 'merged', updated_at: new Date() },
  );
  return changed > 0;
}

export async function findMergeRequest(
  em: EntityManager,
  id: number,
): Promise<MergeRequest | null> {
  return em.findOne(MergeRequest, { id, state: { $ne: 'opening' } });
}

/** The merge requests with these ids. Does not check whether a caller may see these merge requests. */
export async function mergeRequestsById(
  em: EntityManager,
  ids: readonly number[],
): Promise<Map<number, MergeRequest>> {
  if (ids.length === 0) return new Map();
  const rows = await em.find(MergeRequest, {
    id: { $in: [...new Set(ids)] },
    state: { $ne: 'opening' },
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** What identifies an open merge request of a definition: its branch, or `refs/for/main` and the pusher. */
export type Source = Pick<MergeRequest, 'source_ref'> & Partial<Pick<MergeRequest, 'author_id'>>;

/** Finds the open merge request of a source. Unique indexes ensure that there is at most one. */
export async function openMergeRequestFor(
  em: EntityManager,
  definitionId: number,
  source: Source,
): Promise<MergeRequest | null> {
  return em.findOne(MergeRequest, { definition_id: definitionId, state: 'open', ...source });
}

/** The open merge requests of a definition, including those without refs yet (`opening`). */
export async function undecidedMergeRequests(
  em: EntityManager,
  definitionId: number,
): Promise<MergeRequest[]> {
  return em.find(
    MergeRequest,
    { definition_id: definitionId, state: { $in: UNDECIDED } },
    { orderBy: { id: 'asc' } },
  );
}

export async function closedMergeRequests(
  em: EntityManager,
  definitionId: number,
): Promise<MergeRequest[]> {
  const closed = { definition_id: definitionId, state: 'closed' as const };
  return em.find(MergeRequest, closed, { orderBy: { id: 'asc' } });
}

/** The numbers of the open merge requests of a definition, in ascending order. */
export async function openMergeRequestsOf(
  em: EntityManager,
  definitionId: number,
): Promise<number[]> {
  const rows = await em.find(
    MergeRequest,
    { definition_id: definitionId, state: 'open' },
    { fields: ['id'], orderBy: { id: 'asc' } },
  );
  return rows.map(({ id }) => id);
}

/** Whether the definition has or had a merge request. */
export async function isProposed(em: EntityManager, definitionId: number): Promise<boolean> {
  return (await em.count(MergeRequest, { definition_id: definitionId })) > 0;
}

/** All heads of a merge request, oldest first. */
export async function headsOf(em: EntityManager, id: number): Promise<MergeRequestHead[]> {
  return em.find(MergeRequestHead, { merge_request_id: id }, { orderBy: { id: 'asc' } });
}

/** Finds the newest row of a merge request in which this commit is the head. */
export async function findHead(
  em: EntityManager,
  id: number,
  head: string,
): Promise<MergeRequestHead | null> {
  return em.findOne(MergeRequestHead, { merge_request_id: id, head }, { orderBy: { id: 'desc' } });
}

export interface MergeRequestFilters {
  state?: Exclude<MergeRequestState, 'opening'> | undefined;
  lab_id?: number | undefined;
  definition_id?: number | undefined;
  /** The author's username when the merge request was opened (case-insensitive). */
  author?: string | undefined;
}

const NEWEST_FIRST: Key[] = [{ column: 'id', kind: 'number', descending: true }];

/**
 * A page of merge requests, newest first. Lists only merge requests that the viewer may see.
 */
export async function listMergeRequests(
  em: EntityManager,
  {
    viewer,
    filters: { author, ...filters } = {},
    ...page
  }: Page & { viewer: Viewer; filters?: MergeRequestFilters },
): Promise<Listed<MergeRequest>> {
  const stated = Object.fromEntries(
    Object.entries(filters).filter(([, value]) => value !== undefined),
  );
  const theirs = author === undefined ? {} : { [raw('lower(author) = lower(?)', [author])]: [] };
  const seen: FilterQuery<MergeRequest> = viewer.everything
    ? {}
    : { lab_id: { $in: viewer.reviews }, ...(viewer.onlyOpen && { state: 'open' as const }) };
  const where = { $and: [{ state: { $ne: 'opening' as const } }, stated, theirs, seen] };
  return await listEntities(em, MergeRequest, where, NEWEST_FIRST, page);
}
