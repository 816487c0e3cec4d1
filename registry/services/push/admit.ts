/** Decides which refs a push may write, and who may write them, before any object of the push is read. */
import type { Command, Refusal } from '../../../repos/serve/gate.ts';
import { branchRef, FOR_MAIN, isBranch, isTag, MAIN } from '../../../text/refs.ts';
import { decide } from '../../access/decide.ts';
import { hiddenIn } from '../../definitions/hidden.ts';
import { findLab } from '../../store/labs.ts';
import type { Caller } from '../caller.ts';
import type { DefinitionAccess, LoadedDefinition } from '../definitions/find-definition.ts';
import { freeNames } from '../definitions/free-names.ts';
import type { SaveDeps } from '../deps.ts';

const RESERVED = [MAIN, branchRef('HEAD')];

export const isForReview = (ref: string): boolean =>
  ref === FOR_MAIN || (isBranch(ref) && ref !== branchRef('') && !RESERVED.includes(ref));

const PROPOSE = `git push origin HEAD:${FOR_MAIN}`;

/** Explains, line by line, why the caller may push nothing to this definition. Undefined if the caller may push. */
export async function refuseAll(
  { rules, store }: Pick<SaveDeps, 'rules' | 'store'>,
  { actor }: Caller,
  { facts, name }: Pick<DefinitionAccess, 'facts' | 'name'>,
): Promise<string[] | undefined> {
  const proposing = decide(actor, { on: 'definition', do: 'propose', of: facts }, rules);
  const landing = decide(actor, { on: 'definition', do: 'land', of: facts }, rules);
  if (proposing.allowed || landing.allowed) return undefined;
  const labs = actor.kind === 'user' ? [...actor.roles.keys()] : [];
  const own = labs.filter(
    (labId) => decide(actor, { on: 'lab', do: 'propose', labId }, rules).allowed,
  );
  if (own.length === 0 || (facts.labId !== null && labs.includes(facts.labId)))
    return [proposing.reason];
  const lab = own.length === 1 ? await findLab(store.em(), own[0] as number) : null;
  const free = (await freeNames(store, [name], lab?.code ?? null)).get(name);
  if (free === undefined) return [proposing.reason];
  return [
    proposing.reason,
    `The name ${free} is available for your own definition.`,
    `Create your definition in the browser: choose "New definition", paste ${name}.py and rename the class there.`,
  ];
}

export function refuseCommand(
  { rules }: Pick<SaveDeps, 'rules'>,
  caller: Caller,
  { facts }: LoadedDefinition,
  { ref, to }: Command,
): Refusal | undefined {
  if (isTag(ref)) {
    return {
      ref,
      reason: 'only the registry creates tags',
      lines: [
        'Every version already has a tag. To list the tags, run: git ls-remote --tags origin',
      ],
    };
  }
  if (isForReview(ref)) {
    const hidden = hiddenIn(ref);
    // A branch that already has such a name can still be deleted.
    if (hidden !== null && to !== null) {
      const lines = [
        `The name contains ${hidden}, which is invisible. Rename the branch: git branch -m <another name>`,
      ];
      return { ref, reason: 'hidden characters in the name', lines };
    }
    if (ref === FOR_MAIN && to === null) {
      return { ref, reason: 'nothing to delete', lines: ['Close the merge request instead.'] };
    }
    const decision = decide(caller.actor, { on: 'definition', do: 'propose', of: facts }, rules);
    if (decision.allowed) return undefined;
    return { ref, reason: 'you may not propose changes', lines: [decision.reason] };
  }
  if (ref !== MAIN) {
    return {
      ref,
      reason: `you can push only to main, to branches and to ${FOR_MAIN}`,
      lines: [`Propose a change for review with: ${PROPOSE}`],
    };
  }
  if (to === null) {
    return {
      ref,
      reason: 'main cannot be deleted',
      lines: ['Versions are never deleted. An admin of the lab can archive the definition.'],
    };
  }
  const decision = decide(caller.actor, { on: 'definition', do: 'land', of: facts }, rules);
  if (decision.allowed) return undefined;
  if (facts.isArchived) {
    return { ref, reason: 'the definition is archived', lines: [decision.reason] };
  }
  const proposing = decide(caller.actor, { on: 'definition', do: 'propose', of: facts }, rules);
  const next = proposing.allowed
    ? 'Push the change for review instead:'
    : 'Contributors of the lab can push the change for review. Ask a lab admin to make you a contributor, then run:';
  // If both decisions have the same reason (for example the scope of the token), a push for review would fail too.
  const alike = !proposing.allowed && proposing.reason === decision.reason;
  return {
    ref,
    reason: 'you may not land directly',
    lines: [decision.reason, ...(alike ? [] : [next, `  ${PROPOSE}`])],
  };
}
