import { IdParams, List } from '../schemas/common.ts';
import {
  MergeInput,
  MergeRequest,
  MergeRequestPage,
  MergeRequestQuery,
  RebaseInput,
} from '../schemas/review.ts';
import type { SaveDeps } from '../services/deps.ts';
import { list } from '../services/review/list.ts';
import { merge } from '../services/review/merge.ts';
import { rebase } from '../services/review/rebase.ts';
import { page } from '../services/review/view.ts';
import { type Door, problemAnswers } from './door.ts';

const collection = '/api/merge-requests';

/** Reading merge requests, and landing them. */
export function mergeRequestRoutes(app: Door, deps: SaveDeps): void {
  const tags = ['merge requests'];

  app.get(
    collection,
    {
      schema: {
        operationId: 'listMergeRequests',
        tags,
        summary: 'Merge requests of the labs where the caller may propose, newest first',
        querystring: MergeRequestQuery,
        response: { 200: List(MergeRequest), ...problemAnswers },
      },
    },
    async ({ caller, query }) => await list(deps, caller, query),
  );

  app.get(
    `${collection}/:id`,
    {
      schema: {
        operationId: 'readMergeRequest',
        tags,
        summary: 'One merge request: its diff, checks, reviews, comments, and what it still lacks',
        params: IdParams,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params }) => await page(deps, caller, params.id),
  );

  app.post(
    `${collection}/:id/merge`,
    {
      schema: {
        operationId: 'merge',
        tags,
        summary: 'Land it as one commit (lab admins)',
        description:
          'Where it cannot land, 409 with every reason. With `override` a lab admin sets the landing policy aside, never a conflict, an invalid definition or a draft; the reason stays in the record of the version.',
        params: IdParams,
        body: MergeInput,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) => {
      await merge(deps, caller, params.id, body);
      return await page(deps, caller, params.id);
    },
  );

  app.post(
    `${collection}/:id/rebase`,
    {
      schema: {
        operationId: 'rebase',
        tags,
        summary: 'Put its commits on top of the newest version (contributors)',
        description:
          'Each commit keeps its author. Approvals hold where the list of changed files and contents stays the same, and whoever rebases may still approve. Where a commit does not apply, 409 with file and lines.',
        params: IdParams,
        body: RebaseInput,
        response: { 200: MergeRequestPage, ...problemAnswers },
      },
    },
    async ({ caller, params, body }) => {
      await rebase(deps, caller, params.id, body);
      return await page(deps, caller, params.id);
    },
  );
}
