/** Merge requests, their reviews and comments. */
import type {
  CommentInput,
  MergeRequestChange,
  MergeRequestQuery,
  ReviewInput,
} from '../../registry/schemas/review.ts';
import { client } from './client.ts';

export type {
  CommentInput,
  MergeRequest,
  MergeRequestPage,
  MergeRequestQuery,
  ReviewInput,
} from '../../registry/schemas/review.ts';

const { mergeRequests } = client;

export const listMergeRequests = (query: Partial<MergeRequestQuery>) => mergeRequests.list(query);
export const readMergeRequest = (id: number) => mergeRequests.read(id);
export const editMergeRequest = (id: number, change: MergeRequestChange) =>
  mergeRequests.edit(id, change);
export const addReview = (id: number, what: ReviewInput) => mergeRequests.review(id, what);
export const addComment = (id: number, what: CommentInput) => mergeRequests.comment(id, what);
/** Lands a merge request. `override` is the reason to land the merge request despite the policy. */
export const mergeMergeRequest = (id: number, head: string, override?: string) =>
  mergeRequests.merge(id, { head, ...(override !== undefined && { override }) });
export const rebaseMergeRequest = (id: number, head: string) => mergeRequests.rebase(id, { head });
export const closeMergeRequest = (id: number) => mergeRequests.close(id);
export const reopenMergeRequest = (id: number) => mergeRequests.reopen(id);
