/** Handles pushes for review. A push to a branch or to `refs/for/main` opens, updates or closes a merge request. */

import type { Command, Refusal } from '../../../repos/serve/gate.ts';
import type { Commit, RefUpdate } from '../../../repos/types.ts';
import { FOR_MAIN, MAIN } from '../../../text/refs.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import { openMergeRequestFor } from '../../store/merge-requests.ts';
import { isUnread } from '../analysis.ts';
import { auditFieldsOf, type Caller } from '../caller.ts';
import { baseOf, commitsBeyondVersions, MOST_COMMITS } from '../content/history.ts';
import { importPolicyOf } from '../lab-policy.ts';
import type { Step } from '../landing/transaction.ts';
import { type Examined, examine } from '../review/examine.ts';
import { hiddenInCommits } from '../review/hidden.ts';
import { ownChecks, type Proposal } from '../review/own-checks.ts';
import { linkTo, openNewStep } from '../review/propose.ts';
import { closeStep, editStep, moveStep, sourceOf } from '../review/steps.ts';
import type { PushContext } from './context.ts';
import type { PushOptions } from './options.ts';

/**
 * The step that a command will run, or the reason for its refusal. `lines` runs the registry's own checks and returns the
 * lines that the pusher sees. Failed checks do not refuse the push.
 */
export type Plan = { step: Step; lines: () => Promise<string[]> } | { refusal: Refusal };

/** Plans one command while its objects are in quarantine (not yet in the repository). Writes nothing. */
export async function planReview(context: PushContext, { ref, from, to }: Command): Promise<Plan> {
  const { deps, caller, found, repository, push, options } = context;
  const { row } = found;
  const branch = ref === FOR_MAIN ? [] : [{ ref, from, to }];
  if (to === null) return planDeletion(caller, await findOpen(context, ref), branch);
  const refs = await repository.refs();
  const main = refs.get(MAIN)?.oid ?? null;
  const [current, commits] = await Promise.all([
    findOpen(context, ref),
    commitsBeyondVersions(push.objects, refs, to),
  ]);
  const refusal = refuseCommits(ref, commits);
  if (refusal) return { refusal };
  const base = baseOf(refs, main, commits);
  if (base === undefined) return { refusal: refuseUnrelated(ref) };
  const examined = await examine(push.objects, base, to, commits);
  const step = current
    ? updateStep(caller, current, examined, branch, options)
    : await openNewStep(deps, caller, row, examined, {
        summary: commits[0]?.message ?? '',
        source: ref,
        options,
        branch,
      });
  const { id, url } = linkTo(deps, step.mergeRequest);
  return {
    step,
    async lines() {
      const proposal = { name: row.name, base, head: to, main };
      return [
        `Merge request !${id}: ${url}`,
        ...(await ownCheckLines(context, proposal)),
        ...hiddenInCommits(commits).map((line) => `warning: ${line}`),
      ];
    },
  };
}

/** The results of the registry's own checks, one line each. */
async function ownCheckLines(
  { deps, caller, found: { row, lab }, push }: PushContext,
  proposal: Proposal,
): Promise<string[]> {
  const judging = ownChecks(
    deps,
    caller,
    push.objects,
    proposal,
    importPolicyOf(lab),
    row.permissions,
  );
  try {
    const { checks } = await judging;
    return checks.flatMap(({ name, summary }) => (summary === null ? [] : `${name}: ${summary}`));
  } catch (error) {
    // The push is accepted anyway, because the page of the merge request runs the checks again.
    if (isUnread(error)) return [`the checks could not run: ${error.message}`];
    throw error;
  }
}

/** The step for a further push to a merge request. A push with the same head changes only title, description or draft. */
function updateStep(
  caller: Caller,
  current: MergeRequest,
  examined: Examined,
  branch: RefUpdate[],
  options: PushOptions,
): Step {
  if (current.head === examined.head && branch.length === 0) {
    return editStep(caller, current, options);
  }
  const edits = Object.keys(options).length > 0 ? options : null;
  return moveStep(caller, current, { ...examined, edits }, branch);
}

const findOpen = ({ deps, caller, found }: PushContext, ref: string) =>
  openMergeRequestFor(deps.store.em(), found.row.id, sourceOf(ref, auditFieldsOf(caller).actor_id));

function planDeletion(caller: Caller, current: MergeRequest | null, branch: RefUpdate[]): Plan {
  if (current) {
    const line = `Merge request !${current.id} is closed, because its branch was deleted.`;
    return { step: closeStep(caller, current, branch), lines: async () => [line] };
  }
  return {
    step: { mergeRequest: 0, updates: branch, finish: async () => {} },
    lines: async () => [],
  };
}

function refuseCommits(ref: string, commits: readonly Commit[]): Refusal | undefined {
  if (commits.length === 0) {
    return {
      ref,
      reason: 'nothing to review',
      lines: ['main already has these commits. Add a commit, then push again.'],
    };
  }
  if (commits.length <= MOST_COMMITS) return undefined;
  return {
    ref,
    reason: 'too many commits',
    lines: [
      `A merge request can have at most ${MOST_COMMITS} commits. Squash the commits, or propose some of them first.`,
    ],
  };
}

const refuseUnrelated = (ref: string): Refusal => ({
  ref,
  reason: 'no common history with main',
  lines: ['Rebase onto main: git fetch && git rebase --onto origin/main --root'],
});
