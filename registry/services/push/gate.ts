/** Checks a push and applies its commands. */
import type { Command, Push, PushGate, RefResult, Refusal } from '../../../repos/serve/gate.ts';
import type { Repository } from '../../../repos/types.ts';
import { isBranch, MAIN } from '../../../text/refs.ts';
import { Problem } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import type { LoadedDefinition } from '../definitions/find-definition.ts';
import type { SaveDeps } from '../deps.ts';
import { applySteps, type Step } from '../landing/transaction.ts';
import { refuseCommand } from './admit.ts';
import { BranchNames, nameProblem } from './branch-names.ts';
import type { PushContext } from './context.ts';
import { explainConflict } from './explain-conflict.ts';
import { landPush } from './land.ts';
import { readOptions } from './options.ts';
import { planReview } from './review.ts';

/** The gate for one caller's pushes to one definition. */
export function pushGate(
  deps: SaveDeps,
  caller: Caller,
  found: LoadedDefinition,
  repository: Repository,
): PushGate {
  return {
    async admit(commands) {
      const gone = new Set(commands.filter(({ to }) => to === null).map(({ ref }) => ref));
      const there = [...(await repository.refs()).keys(), ...commands.map(({ ref }) => ref)];
      const branches = new BranchNames(there.filter((ref) => isBranch(ref) && !gone.has(ref)));
      return commands.flatMap((command) => {
        const { ref, from, to } = command;
        const refusal = refuseCommand(deps, caller, found, command);
        if (refusal || from !== null || to === null || ref === MAIN) return refusal ?? [];
        const problem = nameProblem(ref, branches);
        return problem ? { ref, ...problem } : [];
      });
    },
    async receive(push) {
      const { warnings, ...options } = readOptions(push.options, push.commands);
      const context = { deps, caller, found, repository, push, options };
      const results = await applyPush(context);
      for (const line of warnings) push.say(`warning: ${line}`);
      return results;
    },
    refuseMoved: async (command) => explainConflict(await repository.refs(), command),
  };
}

async function applyPush(context: PushContext): Promise<RefResult[]> {
  const { push } = context;
  if (push.atomic && push.commands.length > 1) return await applyAtomically(context);
  const results: RefResult[] = [];
  // Deletions run first, because a new branch may need the name of a deleted one.
  const ordered = push.commands.toSorted((a, b) => Number(b.to === null) - Number(a.to === null));
  for (const command of ordered) results.push(await applyCommand(context, command));
  return results;
}

async function applyCommand(context: PushContext, command: Command): Promise<RefResult> {
  const { push } = context;
  if (command.ref === MAIN) return await landPush(context, command);
  const plan = await planReview(context, command);
  if ('refusal' in plan) return refuse(push, plan.refusal);
  const [lines] = await Promise.all([plan.lines(), push.keep()]);
  const [result] = await applyReviewSteps(context, [command], [plan.step], lines);
  return result as RefResult;
}

/** Applies either all commands or none, in one ref transaction. */
async function applyAtomically(context: PushContext): Promise<RefResult[]> {
  const { push } = context;
  const steps: Step[] = [];
  const lines: string[] = [];
  const main = push.commands.find(({ ref }) => ref === MAIN);
  for (const command of push.commands.filter((one) => one !== main)) {
    const plan = await planReview(context, command);
    if ('refusal' in plan) return spreadResult(push, refuse(push, plan.refusal));
    steps.push(plan.step);
    lines.push(...(await plan.lines()));
  }
  await push.keep();
  if (!main) return await applyReviewSteps(context, push.commands, steps, lines);
  const landed = await landPush(context, main, steps);
  if (landed.ok) for (const line of lines) push.say(line);
  return spreadResult(push, landed);
}

/** Gives all commands of an atomic push the result of one command. */
function spreadResult({ commands }: Push, result: RefResult): RefResult[] {
  return commands.map(({ ref }) => {
    if (ref === result.ref) return result;
    return result.ok ? { ref, ok: true } : { ref, ok: false, reason: 'atomic push failure' };
  });
}

async function applyReviewSteps(
  { deps, repository, push }: PushContext,
  commands: Command[],
  steps: Step[],
  lines: string[],
): Promise<RefResult[]> {
  try {
    await applySteps(deps, repository, steps);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
    const refs = await repository.refs();
    const explained = commands.map((command) => ({
      ref: command.ref,
      ...explainConflict(refs, command, steps),
    }));
    for (const line of new Set(explained.flatMap(({ lines }) => lines))) push.say(line);
    return explained.map(({ ref, reason }) => ({ ref, ok: false, reason }));
  }
  for (const line of lines) push.say(line);
  return commands.map(({ ref }) => ({ ref, ok: true }));
}

function refuse({ say }: Push, { ref, reason, lines = [] }: Refusal): RefResult {
  for (const line of lines) say(line);
  return { ref, ok: false, reason };
}
