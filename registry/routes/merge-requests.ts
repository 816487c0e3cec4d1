import { IdParams, List } from '../schemas/common.ts';
import {
  MergeInput,
  MergeRequest,
  MergeRequestPage,
  MergeRequestQuery,
  RebaseInput,
} from '../schemas/review.ts';
import type { SaveDeps } from '../services/deps.ts';
import { listMergeRequestsFor } from '../services/review/list.ts';
import { landMergeRequest } from '../services/review/merge.ts';
import { rebaseMergeRequest } from '../services/review/rebase.ts';
import { readMergeRequest } from '../services/review/view.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

const collection = '/api/merge-requests';

/** Routes that read and land merge requests. */
export function mergeRequestRoutes(app: RegistryServer, deps: SaveDeps): void {
  const tags = ['merge requests'];

  app.get(
    collection,
    {
      schema: {
        operationId: 'listMergeRequests',
        tags,
        summary: 'List the merge requests of labs in which you may propose changes, newest first',
        querystring: MergeRequestQuery,
        response: { 200: List(MergeRequest), ...problemAnswers },
      },
    },
    async ({ caller, query }) => await listMergeRequestsFor(deps, caller, query),
  );

  app.get(
    `${collection}/:id`,
    {
      schema: {
        operationId: 'readMergeRequest',
        tags,
        summary: 'Read a merge request with its diff, checks, reviews, comments and blockers',
        params: IdParams,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params }) => await readMergeRequest(deps, caller, params.id),
  );

  app.post(
    `${collection}/:id/merge`,
    {
      schema: {
        operationId: 'merge',
        tags,
        summary: 'Land a merge request as one commit (lab admins)',
        description:
          'If the merge request cannot land, the answer is 409 with all reasons. With `override`, a lab admin can land it although the policy forbids it. A merge request that has a conflict, is invalid or is a draft cannot land even so. The record of the version contains the reason for the override.',
        params: IdParams,
        body: MergeInput,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) => {
      await landMergeRequest(deps, caller, params.id, body);
      return await readMergeRequest(deps, caller, params.id);
    },
  );

  app.post(
    `${collection}/:id/rebase`,
    {
      schema: {
        operationId: 'rebase',
        tags,
        summary: 'Rebase the commits of a merge request onto the newest version (contributors)',
        description:
          'Each commit keeps its author. Approvals stay valid if the changed files and their contents stay the same. The person who rebases a merge request may still approve it. If a commit conflicts with the newest version, the answer is 409 with the file and the lines.',
        params: IdParams,
        body: RebaseInput,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) => {
      await rebaseMergeRequest(deps, caller, params.id, body);
      return await readMergeRequest(deps, caller, params.id);
    },
  );
}
