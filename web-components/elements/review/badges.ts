import type { TemplateResult } from 'lit';
import type { Check, MergeRequest, Review } from '../../../registry/schemas/review.ts';
import { badge } from '../badge.ts';

/** Where a merge request stands. */
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
  return badge('reviewed', 'neutral', 'comment');
}

/** Only `success` counts; what has not ended yet is no failure. */
export function checkBadge(state: Check['state']): TemplateResult {
  if (state === 'success') return badge(state, 'success', 'check');
  if (state === 'pending' || state === 'running') return badge(state, 'neutral', 'clock');
  return badge(state, state === 'skipped' ? 'neutral' : 'danger', 'x');
}
