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
        summary: 'List the merge requests of the labs in which you may propose, newest first',
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
        summary: 'Read a merge request: diff, checks, reviews, comments and blockers',
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
          'If it cannot land, the answer is 409 with every reason. `override` lets a lab admin land despite the policy, but not despite a conflict, an invalid definition or a draft. The record of the version keeps the reason.',
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
        summary: 'Rebase the commits onto the newest version (contributors)',
        description:
          'Each commit keeps its author. Approvals stay valid if the list of changed files and contents stays the same, and the person who rebases may still approve. If a commit does not apply, the answer is 409 with file and lines.',
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
