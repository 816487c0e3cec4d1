/** Explains to the pusher that somebody else changed the ref or merged the merge request during the push. */
import type { Command, Refusal } from '../../../repos/serve/gate.ts';
import type { Refs } from '../../../repos/types.ts';
import { isBranch } from '../../../text/refs.ts';
import { findLanded, findLandedFrom } from '../content/history.ts';
import type { Step } from '../landing/transaction.ts';

type Explanation = Required<Omit<Refusal, 'ref'>>;

/** `steps` are the steps that failed. Without them, the command's `from` shows which merge request was merged. */
export function explainConflict(
  refs: Refs,
  { ref, from, to }: Command,
  steps: readonly Step[] = [],
): Explanation {
  const merged = steps
    .map(({ mergeRequest }) => findLanded(refs, mergeRequest))
    .concat(findLandedFrom(refs, from))
    .find((landing) => landing !== undefined);
  if (merged === undefined) {
    const next =
      to === null
        ? 'Somebody else moved or deleted the branch. Run: git fetch --prune origin'
        : isBranch(ref)
          ? 'Somebody else pushed first. Run: git pull --rebase && git push'
          : 'Your merge request was changed at the same moment. Look at the change, then push again.';
    return { reason: 'changed on the server; fetch first', lines: [next] };
  }
  const { id, version, head } = merged;
  const happened = `Merge request !${id} has been merged as version ${version}`;
  if (to === null) {
    return { reason: 'already merged', lines: [`${happened}, and its branch was deleted.`] };
  }
  return {
    reason: 'already merged',
    lines: [
      `${happened}, so this push cannot change it.`,
      'To propose your other commits as a new merge request, run:',
      '  git fetch --prune origin',
      `  git rebase --onto origin/main ${head}`,
      `  git push origin HEAD:${ref}`,
    ],
  };
}
