/** Merge requests and their heads. */
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

/** A proposed commit, its changes, and the edits pushed with it. */
export type NewHead = Pick<
  MergeRequestHead,
  'head' | 'base' | 'changes' | 'pushed_by' | 'authors' | 'edits'
>;

const UNDECIDED: MergeRequestState[] = ['opening', 'open'];

/** Allocates the next number, before anything of the merge request is written. */
export async function allocateMergeRequestId(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ id: string | number }]>(
    `select nextval('merge_requests_id_seq') as id`,
  );
  return Number(row.id);
}

/** Moves the sequence past a number that git knows, so that a rebuilt database does not reuse it. */
export async function advanceMergeRequestIds(em: EntityManager, past: number): Promise<void> {
  if (past < 1) return;
  await em.execute(
    `select setval('merge_requests_id_seq', greatest(last_value, ?)) from merge_requests_id_seq`,
    [past],
  );
}

/**
 * Creates the row, in state `opening`, with its first head, in one statement. Throws `unique_violation`
 * (`merge_requests_branch_key`, `merge_requests_for_main_key`) if one is open for the same source.
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

/** Resolves the authors' accounts now, because addresses may change later. */
const ADD_HEAD = `insert into merge_request_heads
    (merge_request_id, head, base, changes, pushed_by, edits, authors, author_ids)
  select id, ?::text, ?::text, ?::text, ?::int, ?::jsonb, a.authors,
         (select coalesce(jsonb_agg(u.id order by u.id), '[]') from users u
           where a.authors @> to_jsonb(mailbox_of(u.email)))`;

const valuesOf = ({ head, base, changes, pushed_by, edits, authors }: NewHead) => [
  ...[head, base, changes, pushed_by],
  ...[edits && JSON.stringify(edits), JSON.stringify(authors)],
];

/** Records a head before the refs move to it, in one statement. Returns the number of the record. */
export async function addHead(em: EntityManager, id: number, head: NewHead): Promise<number> {
  const [row] = await em.execute<[{ id: number }]>(
    `${ADD_HEAD} from (select ?::jsonb as authors) a, (select ?::int as id) opened returning id`,
    [...valuesOf(head), id],
  );
  return row.id;
}

/** Deletes the record of a head that the refs never reached. */
export async function removeHead(em: EntityManager, note: number): Promise<void> {
  await em.nativeDelete(MergeRequestHead, { id: note });
}

/** Deletes the records of heads after the current one. Returns their number. */
export async function removeHeadsAfter(
  em: EntityManager,
  id: number,
  head: string,
): Promise<number> {
  const at = await findHead(em, id, head);
  if (!at) return 0;
  return await em.nativeDelete(MergeRequestHead, { merge_request_id: id, id: { $gt: at.id } });
}

/** The same for a definition's decided merge requests, whose head stays as it was at the decision. */
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

/** Deletes a merge request whose refs were never created. */
export async function removeOpening(em: EntityManager, id: number): Promise<void> {
  await em.nativeDelete(MergeRequest, { id, state: 'opening' });
}

/** The fields of a merge request that a request may set. */
export const EDITED = fieldsOf(MergeRequestChange);
/** Fields derived from its refs and from decisions. */
const FOLLOWING = ['state', 'decided_by', 'decided_at', 'head', 'base', 'changes'] as const;
/** Fields that are set when it opens or merges, and by nothing else. */
const KEPT = [
  ...(['id', 'definition_id', 'definition', 'lab_id', 'source_ref', 'author_id'] as const),
  ...(['author', 'merged_version', 'created_at', 'updated_at'] as const),
];
const WRITTEN = writtenColumns(MergeRequest, [...EDITED, ...FOLLOWING], KEPT);
export type MergeRequestFields = Pick<MergeRequest, (typeof WRITTEN)[number]>;

/** Changes the given fields. Returns false for a landed merge request, which never changes. */
export async function updateMergeRequest(
  em: EntityManager,
  id: number,
  changes: Partial<MergeRequestFields>,
): Promise<boolean> {
  const written = { updated_at: new Date(), ...pick(changes, WRITTEN) };
  const changed = await em.nativeUpdate(MergeRequest, { id, state: { $ne: 'merged' } }, written);
  return changed > 0;
}

/** Records who is about to decide it; visible once it is decided. */
export async function setDecider(em: EntityManager, id: number, who: number | null) {
  await em.nativeUpdate(MergeRequest, { id, state: 'open' }, { decided_by: who });
}

/** Returns false, without effect, if it is already merged, deleted, or of another definition. */
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

/** The existing merge requests with these ids, without a check of visibility. */
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

/** Identifies an open merge request of a definition: its branch, or `refs/for/main` with the pusher. */
export type Source = Pick<MergeRequest, 'source_ref'> & Partial<Pick<MergeRequest, 'author_id'>>;

/** The open merge request of a source. The unique indexes allow at most one. */
export async function openMergeRequestFor(
  em: EntityManager,
  definitionId: number,
  source: Source,
): Promise<MergeRequest | null> {
  return em.findOne(MergeRequest, { definition_id: definitionId, state: 'open', ...source });
}

/** A definition's undecided merge requests, including those whose refs do not exist yet. */
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

/** Whether any merge request, including closed ones, refers to this definition. */
export async function isProposed(em: EntityManager, definitionId: number): Promise<boolean> {
  return (await em.count(MergeRequest, { definition_id: definitionId })) > 0;
}

/** Every head of a merge request, oldest first. */
export async function headsOf(em: EntityManager, id: number): Promise<MergeRequestHead[]> {
  return em.find(MergeRequestHead, { merge_request_id: id }, { orderBy: { id: 'asc' } });
}

/** The last record of this commit as a head of the merge request. */
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
  /** Username at the time of opening, case ignored. */
  author?: string | undefined;
}

const NEWEST_FIRST: Key[] = [{ column: 'id', kind: 'number', descending: true }];

/** Newest first; only those of labs where the viewer may propose. */
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
    : { lab_id: { $in: viewer.proposes } };
  const where = { $and: [{ state: { $ne: 'opening' as const } }, stated, theirs, seen] };
  return await listEntities(em, MergeRequest, where, NEWEST_FIRST, page);
}
