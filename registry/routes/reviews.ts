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

/** Actions of people and programs on a merge request before it lands. */
export function reviewRoutes(app: RegistryServer, deps: SaveDeps): void {
  const tags = ['merge requests'];

  app.post(
    `${one}/reviews`,
    {
      schema: {
        operationId: 'review',
        tags,
        summary: 'Approve, request changes or comment on one head',
        description:
          'Admins of the lab and owners of the changed files may approve, unless they opened, pushed or wrote the change themselves (a lab can permit that). A person who requested changes can always approve, which withdraws the objection; it counts as an approval only if that person may approve. 409 if the head has moved.',
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
        summary: 'Comment on the merge request, on a line of either side, or in a thread',
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
      schema: {
        operationId: 'postCheck',
        tags,
        summary: 'Post the result of a program for a head; a new result replaces the previous one',
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
        summary: 'Change title, description or draft (the author and lab admins)',
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
          'Close a merge request without merging (the author and lab admins); the branch remains',
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
          'Reopen a closed merge request, if the branch is unchanged and no other merge request replaced it',
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
