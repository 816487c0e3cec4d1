/** Merge requests, and what is said of them. */
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
export const review = (id: number, what: ReviewInput) => mergeRequests.review(id, what);
export const comment = (id: number, what: CommentInput) => mergeRequests.comment(id, what);
/** Lands it; with `override` whatever the policy still asks for. */
export const mergeIt = (id: number, head: string, override?: string) =>
  mergeRequests.merge(id, { head, ...(override !== undefined && { override }) });
export const rebaseIt = (id: number, head: string) => mergeRequests.rebase(id, { head });
export const closeIt = (id: number) => mergeRequests.close(id);
export const reopenIt = (id: number) => mergeRequests.reopen(id);
