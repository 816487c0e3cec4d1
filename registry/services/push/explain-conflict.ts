/** What the pusher reads when somebody else changed the ref, or merged, during the push. */
import type { Command, Refusal } from '../../../repos/serve/gate.ts';
import type { Refs } from '../../../repos/types.ts';
import { isBranch } from '../../../text/refs.ts';
import { findLanded, findLandedFrom } from '../content/history.ts';
import type { Step } from '../landing/transaction.ts';

type Explanation = Required<Omit<Refusal, 'ref'>>;

/** `steps` are those that failed. Without them, the command's own `from` identifies the merge request. */
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
        ? 'Somebody else moved or deleted it: git fetch --prune origin'
        : isBranch(ref)
          ? 'Somebody else was faster: git pull --rebase && git push'
          : 'Your merge request was changed at the same moment. Look at it, then push again.';
    return { reason: 'changed on the server meanwhile; fetch first', lines: [next] };
  }
  const { id, version, head } = merged;
  const happened = `Merge request !${id} was merged as version ${version} meanwhile`;
  if (to === null) {
    return { reason: 'merged meanwhile', lines: [`${happened}, and its branch is gone with it.`] };
  }
  return {
    reason: 'merged meanwhile',
    lines: [
      `${happened}; this push changes nothing in it.`,
      'Propose what you have beyond it as a new one:',
      '  git fetch --prune origin',
      `  git rebase --onto origin/main ${head}`,
      `  git push origin HEAD:${ref}`,
    ],
  };
}
