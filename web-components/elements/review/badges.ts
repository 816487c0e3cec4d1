import type { TemplateResult } from 'lit';
import type { Check, MergeRequest, Review } from '../../../registry/schemas/review.ts';
import { badge } from '../badge.ts';

/** The badge for the state of a merge request. */
export function mergeRequestBadge({
  state,
  draft,
}: Pick<MergeRequest, 'state' | 'draft'>): TemplateResult {
  if (state === 'merged') return badge('merged', 'brand', 'merge');
  if (state === 'closed') return badge('closed', 'danger', 'circleSlash');
  return draft ? badge('draft', 'neutral', 'pencil') : badge('open', 'success', 'mergeRequest');
}

export function verdictBadge(verdict: Review['verdict']): TemplateResult {
  if (verdict === 'approve') return badge('approved', 'success', 'check');
  if (verdict === 'request_changes') return badge('changes requested', 'warning', 'alert');
  return badge('commented', 'neutral', 'comment');
}

/** The badge for the state of a check. Only `success` counts as passed. A pending or running check has not failed. */
export function checkBadge(state: Check['state']): TemplateResult {
  if (state === 'success') return badge(state, 'success', 'check');
  if (state === 'pending' || state === 'running') return badge(state, 'neutral', 'clock');
  return badge(state, state === 'skipped' ? 'neutral' : 'danger', 'x');
}
