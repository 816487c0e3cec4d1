import type {
  Check,
  CheckInput,
  Comment,
  CommentInput,
  MergeInput,
  MergeRequest,
  MergeRequestChange,
  MergeRequestPage,
  MergeRequestQuery,
  RebaseInput,
  Review,
  ReviewInput,
} from '../../registry/schemas/review.ts';
import { type Http, type Page, type Query, search } from './http.ts';

const all = '/api/merge-requests';

/** Merge requests: their reviews, comments, checks and landing. */
export function mergeRequestCalls({ json }: Http) {
  return {
    list: (query: Query<MergeRequestQuery> = {}) =>
      json<Page<MergeRequest>>('GET', all + search(query)),
    read: (id: number) => json<MergeRequestPage>('GET', `${all}/${id}`),
    edit: (id: number, body: MergeRequestChange) =>
      json<MergeRequestPage>('PUT', `${all}/${id}`, body),
    review: (id: number, body: ReviewInput) => json<Review>('POST', `${all}/${id}/reviews`, body),
    comment: (id: number, body: CommentInput) =>
      json<Comment>('POST', `${all}/${id}/comments`, body),
    check: (id: number, body: CheckInput) => json<Check>('POST', `${all}/${id}/checks`, body),
    merge: (id: number, body: MergeInput) =>
      json<MergeRequestPage>('POST', `${all}/${id}/merge`, body),
    rebase: (id: number, body: RebaseInput = {}) =>
      json<MergeRequestPage>('POST', `${all}/${id}/rebase`, body),
    close: (id: number) => json<MergeRequestPage>('POST', `${all}/${id}/close`),
    reopen: (id: number) => json<MergeRequestPage>('POST', `${all}/${id}/reopen`),
  };
}
