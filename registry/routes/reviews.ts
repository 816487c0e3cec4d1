import { IdParams } from '../schemas/common.ts';
import {
  Check,
  CheckInput,
  Comment,
  CommentInput,
  MergeRequestChange,
  MergeRequestPage,
  Review,
  ReviewInput,
} from '../schemas/review.ts';
import type { SaveDeps } from '../services/deps.ts';
import { postCheck, postComment, postReview } from '../services/review/discussion.ts';
import {
  closeMergeRequest,
  editMergeRequest,
  reopenMergeRequest,
} from '../services/review/edit.ts';
import { readMergeRequest } from '../services/review/view.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

const one = '/api/merge-requests/:id';

/** The most bytes of a request with the details of a test run, which JSON may write with escapes. */
export const MOST_OF_A_RUN = 512 * 1024;

/** The routes by which people and programs review, change and close merge requests. */
export function reviewRoutes(app: RegistryServer, deps: SaveDeps): void {
  const tags = ['merge requests'];

  app.post(
    `${one}/reviews`,
    {
      schema: {
        operationId: 'review',
        tags,
        summary: 'Review one head of a merge request: approve, request changes or comment',
        description:
          'Admins of the lab and owners of the changed files may approve. People who opened, pushed or wrote the change may approve it only if the lab permits that. A person who has requested changes can always approve to withdraw the request. The policy accepts this approval only if the person may approve the change. If the head has moved, the answer is 409.',
        params: IdParams,
        body: ReviewInput,
        response: { 201: Review, ...problemAnswers },
      },
    },
    async ({ caller, params, body }, reply) => {
      const { id } = await postReview(deps, caller, params.id, body);
      reply.code(201);
      return findById((await readMergeRequest(deps, caller, params.id)).reviews, id);
    },
  );

  app.post(
    `${one}/comments`,
    {
      schema: {
        operationId: 'comment',
        tags,
        summary: 'Comment on a merge request or on a line of its diff, or reply to a comment',
        params: IdParams,
        body: CommentInput,
        response: { 201: Comment, ...problemAnswers },
      },
    },
    async ({ caller, params, body }, reply) => {
      const { id } = await postComment(deps, caller, params.id, body);
      reply.code(201);
      return findById((await readMergeRequest(deps, caller, params.id)).comments, id);
    },
  );

  app.post(
    `${one}/checks`,
    {
      bodyLimit: MOST_OF_A_RUN,
      schema: {
        operationId: 'postCheck',
        tags,
        summary:
          'Post the result of a check for one head. The result replaces an earlier result of this check for this head by the same account or computer',
        description:
          'Only bench computers of the lab post the check `tests`, and no other check. Only `tests` has `details`.',
        params: IdParams,
        body: CheckInput,
        response: { 201: Check, ...problemAnswers },
      },
    },
    async ({ caller, params, body }, reply) => {
      reply.code(201);
      return await postCheck(deps, caller, params.id, body);
    },
  );

  app.put(
    one,
    {
      schema: {
        operationId: 'changeMergeRequest',
        tags,
        summary:
          'Change the title, the description or the draft state of a merge request (its author and lab admins)',
        params: IdParams,
        body: MergeRequestChange,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) => {
      await editMergeRequest(deps, caller, params.id, body);
      return await readMergeRequest(deps, caller, params.id);
    },
  );

  app.post(
    `${one}/close`,
    {
      schema: {
        operationId: 'closeMergeRequest',
        tags,
        summary:
          'Close a merge request without merging it (its author and lab admins). The branch of the merge request remains',
        params: IdParams,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params }) => {
      await closeMergeRequest(deps, caller, params.id);
      return await readMergeRequest(deps, caller, params.id);
    },
  );

  app.post(
    `${one}/reopen`,
    {
      schema: {
        operationId: 'reopenMergeRequest',
        tags,
        summary:
          'Reopen a closed merge request if its branch has not changed and no other merge request has replaced it',
        params: IdParams,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params }) => {
      await reopenMergeRequest(deps, caller, params.id);
      return await readMergeRequest(deps, caller, params.id);
    },
  );
}

const findById = <T extends { id: number }>(all: T[], id: number): T =>
  all.find((one) => one.id === id) as T;
