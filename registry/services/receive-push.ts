/** What the registry asks of a push before `main` moves, and the landing of one that passes. */
import type { Command, Push, PushGate, RefResult, Refusal } from '../../repos/serve/gate.ts';
import type { Commit, ObjectReader, Oid, Repository } from '../../repos/types.ts';
import { decide } from '../access/decide.ts';
import { checkPaths } from '../definitions/names.ts';
import type { Files, ImportPolicy } from '../definitions/types.ts';
import { validateDefinition } from '../definitions/validate.ts';
import { Problem } from '../errors.ts';
import type { Caller } from './caller.ts';
import { filesOf, mainFile } from './files.ts';
import type { FoundDefinition } from './find-definition.ts';
import { land } from './landing.ts';
import { isForReview, planReview } from './review/push.ts';
import { carryOut, FOR_MAIN, type Step } from './review/steps.ts';
import type { SaveRooms } from './rooms.ts';

const MAIN = 'refs/heads/main';
/** How many lines of diagnostics a refusal shows before it only counts. */
const SHOWN = 20;

/** Each commit is a version that is validated by itself; more are a history that belongs elsewhere. */
const MOST_COMMITS = 500;

/** The gate for one caller's pushes to one definition. */
export function pushGate(
  rooms: SaveRooms,
  caller: Caller,
  found: FoundDefinition,
  repository: Repository,
): PushGate {
  return {
    async admit(commands) {
      return commands.flatMap((command) => refusal(rooms, caller, found, command) ?? []);
    },
    async receive(push) {
      const taking = { rooms, caller, found, repository, push };
      if (push.atomic && push.commands.length > 1) return await takeTogether(taking);
      const results: RefResult[] = [];
      for (const command of push.commands) results.push(await takeOne(taking, command));
      return results;
    },
  };
}

interface Taking {
  rooms: SaveRooms;
  caller: Caller;
  found: FoundDefinition;
  repository: Repository;
  push: Push;
}

async function takeOne(taking: Taking, command: Command): Promise<RefResult> {
  const { rooms, caller, found, repository, push } = taking;
  if (command.ref === MAIN) return await landPush(rooms, caller, found, repository, push, command);
  const plan = await planReview(rooms, caller, found, repository, push, command);
  if ('refusal' in plan) return refused(push, plan.refusal);
  await push.keep();
  return await carriedOut(taking, [command], plan.step ? [plan.step] : [], plan.lines).then(
    ([result]) => result as RefResult,
  );
}

/** All of them or none, in one transaction of refs. */
async function takeTogether(taking: Taking): Promise<RefResult[]> {
  const { rooms, caller, found, repository, push } = taking;
  const steps: Step[] = [];
  const lines: string[] = [];
  const main = push.commands.find(({ ref }) => ref === MAIN);
  for (const command of push.commands.filter((one) => one !== main)) {
    const plan = await planReview(rooms, caller, found, repository, push, command);
    if ('refusal' in plan) return together(push, refused(push, plan.refusal));
    if (plan.step) steps.push(plan.step);
    lines.push(...plan.lines);
  }
  await push.keep();
  if (!main) return await carriedOut(taking, push.commands, steps, lines);
  const landed = await landPush(rooms, caller, found, repository, push, main, steps);
  if (landed.ok) for (const line of lines) push.say(line);
  return together(push, landed);
}

/** What became of one is what became of all. */
function together({ commands }: Push, result: RefResult): RefResult[] {
  return commands.map(({ ref }) => {
    if (ref === result.ref) return result;
    return result.ok ? { ref, ok: true } : { ref, ok: false, reason: 'atomic push failure' };
  });
}

async function carriedOut(
  { rooms, repository, push }: Taking,
  commands: Command[],
  steps: Step[],
  lines: string[],
): Promise<RefResult[]> {
  try {
    await carryOut(rooms, repository, steps);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
    push.say(error.message);
    return commands.map(({ ref }) => ({
      ref,
      ok: false,
      reason: 'changed on the server meanwhile',
    }));
  }
  for (const line of lines) push.say(line);
  return commands.map(({ ref }) => ({ ref, ok: true }));
}

function refused({ say }: Push, { ref, reason, lines = [] }: Refusal): RefResult {
  for (const line of lines) say(line);
  return { ref, ok: false, reason };
}

/** Which refs may be written at all, and by whom. */
function refusal(
  { rules }: SaveRooms,
  caller: Caller,
  { facts }: FoundDefinition,
  { ref, to }: Command,
): Refusal | undefined {
  if (ref.startsWith('refs/tags/')) {
    return {
      ref,
      reason: 'tags are made by the registry',
      lines: ['Each version has its tag already: see "git ls-remote --tags origin".'],
    };
  }
  if (isForReview(ref)) {
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
      reason: 'only main, branches and refs/for/main can be pushed to',
      lines: ['Propose a change for review with: git push origin HEAD:refs/for/main'],
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
  return {
    ref,
    reason: 'you may not land directly',
    lines: [decision.reason, 'Push it for review instead:', '  git push origin HEAD:refs/for/main'],
  };
}

async function landPush(
  rooms: SaveRooms,
  caller: Caller,
  { row, policy }: FoundDefinition,
  repository: Repository,
  push: Push,
  { ref, from, to }: Command,
  steps: Step[] = [],
): Promise<RefResult> {
  const refuse = (reason: string, ...lines: string[]): RefResult => {
    for (const line of lines) push.say(line);
    return { ref, ok: false, reason };
  };
  const tip = await repository.tip();
  if (to === null || from !== tip.head) {
    return refuse('fetch first', `${row.name} has changed in the meantime: git pull --rebase`);
  }
  if (to === from) return { ref, ok: true };
  const commits = await push.commits(from, to);
  if (commits.length > MOST_COMMITS) {
    return refuse(
      'too many commits',
      `A push makes at most ${MOST_COMMITS} versions; these would be ${commits.length}. Squash them, or push in parts.`,
    );
  }
  const crooked = await crookedness(push.objects, from, commits);
  if (crooked) return refuse(crooked.reason, ...crooked.lines);
  for (const commit of commits) {
    const lines = await faults(push.objects, row.name, commit.oid, policy);
    if (lines.length === 0) continue;
    const where = commits.length > 1 ? ` (in commit ${commit.oid.slice(0, 10)})` : '';
    const more = lines.length > SHOWN ? [`… and ${lines.length - SHOWN} more`] : [];
    return refuse('invalid definition', ...lines.slice(0, SHOWN).map((l) => l + where), ...more);
  }
  await push.keep();
  try {
    const { definition } = await land(rooms, caller, {
      repository,
      from: tip,
      versions: commits.map((commit) => ({
        commit: commit.oid,
        author: { name: commit.author.name, email: commit.author.email },
        summary: commit.message.trim(),
      })),
      steps,
    });
    push.say(`${row.name} is now at version ${definition.version}.`);
    return { ref, ok: true };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
    return refuse('fetch first', `${row.name} has changed in the meantime: git pull --rebase`);
  }
}

/** Every commit on `main` has the version before it as its only parent, and changes something (contract section 3). */
async function crookedness(
  objects: ObjectReader,
  from: Oid | null,
  commits: Commit[],
): Promise<{ reason: string; lines: string[] } | undefined> {
  const merge = commits.find(({ parents }) => parents.length > 1);
  if (merge) {
    return {
      reason: 'merge commit',
      lines: [
        `${merge.oid.slice(0, 10)} is a merge commit; versions stand in one line.`,
        'Make it one line and push again: git pull --rebase && git push',
      ],
    };
  }
  let before = from === null ? null : await objects.readCommit(from);
  for (const commit of commits) {
    if ((commit.parents[0] ?? null) !== (before?.oid ?? null)) {
      return {
        reason: 'non-fast-forward',
        lines: ['main has versions that your branch lacks: git pull --rebase && git push'],
      };
    }
    if (before?.tree === commit.tree) {
      return {
        reason: 'empty commit',
        lines: [
          `${commit.oid.slice(0, 10)} changes nothing, so it cannot be a version.`,
          'Leave it out: git rebase --empty=drop origin/main',
        ],
      };
    }
    before = commit;
  }
  if (commits.length === 0) {
    return {
      reason: 'non-fast-forward',
      lines: ['A version is never taken back by a push. Roll back through the registry instead.'],
    };
  }
  return undefined;
}

/** What stands against this commit as a version, each as file:line:column and what is wrong. */
async function faults(
  objects: ObjectReader,
  name: string,
  commit: Oid,
  policy: ImportPolicy,
): Promise<string[]> {
  const files: Files = await filesOf(objects, commit);
  const paths = checkPaths(files.keys());
  if (paths.length > 0) return paths.map(({ path, message }) => `${path}: ${message}`);
  const { errors } = validateDefinition(name, files, policy);
  return errors.map(
    ({ file, line, column, code, message }) =>
      `${file ?? mainFile(name)}:${line}:${column}: ${message} [${code}]`,
  );
}
