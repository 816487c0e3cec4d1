/** Lands a push to `main`. Either every pushed commit becomes a version, or none does. */

import { RepositoryError } from '../../../repos/errors.ts';
import type { Command, RefResult } from '../../../repos/serve/gate.ts';
import type { Commit, ObjectReader, Oid } from '../../../repos/types.ts';
import { decide } from '../../access/decide.ts';
import type { ReadContent } from '../../definitions/content.ts';
import { checkPaths } from '../../definitions/names.ts';
import type { Files, ImportPolicy } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import { type AnalysisDeps, isUnread } from '../analysis.ts';
import { accountOf, type Caller } from '../caller.ts';
import { filesOf, mainFile } from '../content/files.ts';
import { commitsBeyondVersions, MOST_COMMITS } from '../content/history.ts';
import { importPolicyOf, withGrants } from '../lab-policy.ts';
import { land } from '../landing/landing.ts';
import type { Step } from '../landing/transaction.ts';
import { hiddenInCommits, misleading } from '../review/hidden.ts';
import type { PushContext } from './context.ts';

/** The most findings that a refused push lists. The last line counts the findings that are not listed. */
const SHOWN = 20;

/** Lands the commits of a push to main. The same ref transaction also runs `steps`, which change merge requests. */
export async function landPush(
  { deps, caller, found, repository, push, options: { grants } }: PushContext,
  { ref, from, to }: Command,
  steps: Step[] = [],
): Promise<RefResult> {
  const refuse = (reason: string, ...lines: string[]): RefResult => {
    for (const line of lines) push.say(line);
    return { ref, ok: false, reason };
  };
  const { row, lab } = found;
  const tip = await repository.tip();
  if (to === null || from !== tip.head) {
    return refuse('fetch first', `${row.name} has a newer version. Run: git pull --rebase`);
  }
  if (to === from) return { ref, ok: true };
  const commits = await commitsBeyondVersions(push.objects, await repository.refs(), to);
  if (commits.length > MOST_COMMITS) {
    return refuse(
      'too many commits',
      `A push can create at most ${MOST_COMMITS} versions. Squash the commits, or push them in parts.`,
    );
  }
  const manage = { on: 'lab', do: 'manage', labId: row.lab_id } as const;
  if (grants && !decide(caller.actor, manage, deps.rules).allowed) {
    return refuse(
      'not an admin',
      'Only admins of the lab can grant permissions. Push again without -o grant.',
    );
  }
  const policy = grants ? withGrants(importPolicyOf(lab), grants) : found.policy;
  const fault = await findHistoryFault(push.objects, from, commits);
  if (fault) return refuse(fault.reason, ...fault.lines);
  const warnings = hiddenInCommits(commits);
  const contents = new Map<Oid, ReadContent>();
  for (const commit of commits) {
    const where = commits.length > 1 ? ` (in commit ${commit.oid.slice(0, 10)})` : '';
    const judged = await validateCommit(deps, caller, push.objects, row.name, commit.oid, policy);
    if (judged.unread !== undefined) return refuse('cannot be read', judged.unread + where);
    if (judged.faults.length > 0) {
      return refuse('invalid definition', ...limitLines(judged.faults.map((line) => line + where)));
    }
    warnings.push(...judged.warnings.map((line) => line + where));
    if (judged.content) contents.set(commit.oid, judged.content);
  }
  try {
    const { version } = await land(deps, caller, {
      repository,
      from: tip,
      judged: { lab },
      incoming: push,
      versions: commits.map(({ oid, author, message }) => {
        const content = contents.get(oid);
        return {
          commit: oid,
          author: { name: author.name, email: author.email },
          summary: message.trim(),
          ...(content && { content }),
        };
      }),
      steps,
      ...(grants && { grants }),
    });
    push.say(`${row.name} is now at version ${version}.`);
    for (const line of limitLines(warnings)) push.say(`warning: ${line}`);
    return { ref, ok: true };
  } catch (error) {
    if (isUnread(error)) return refuse('cannot be read', error.message);
    if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
    if (!(error.cause instanceof RepositoryError)) return refuse('not allowed now', error.message);
    return refuse('fetch first', `${row.name} has a newer version. Run: git pull --rebase`);
  }
}

/**
 * Finds a commit that cannot be a version (docs/contract.md, section 3). A version must have the version before it as its
 * only parent, and must change something.
 */
async function findHistoryFault(
  objects: ObjectReader,
  from: Oid | null,
  commits: Commit[],
): Promise<{ reason: string; lines: string[] } | undefined> {
  const merge = commits.find(({ parents }) => parents.length > 1);
  if (merge) {
    return {
      reason: 'merge commit',
      lines: [
        `${merge.oid.slice(0, 10)} is a merge commit. main accepts no merge commits.`,
        'Rebase, then push again: git pull --rebase && git push',
      ],
    };
  }
  let before = from === null ? null : await objects.readCommit(from);
  for (const commit of commits) {
    if ((commit.parents[0] ?? null) !== (before?.oid ?? null)) {
      return {
        reason: 'non-fast-forward',
        lines: [
          'main has versions that your branch does not have. Run: git pull --rebase && git push',
        ],
      };
    }
    if (before?.tree === commit.tree) {
      return {
        reason: 'empty commit',
        lines: [
          `${commit.oid.slice(0, 10)} changes no files, so it cannot become a version.`,
          'Remove the empty commit: git rebase --no-keep-empty --force-rebase origin/main',
        ],
      };
    }
    before = commit;
  }
  if (commits.length === 0) {
    return {
      reason: 'non-fast-forward',
      lines: ['A push cannot remove versions. Roll back in the registry instead.'],
    };
  }
  return undefined;
}

const limitLines = (lines: string[]): string[] =>
  lines.length <= SHOWN ? lines : [...lines.slice(0, SHOWN), `… and ${lines.length - SHOWN} more`];

interface JudgedCommit {
  faults: string[];
  warnings: string[];
  /** The reason why the files could not be read, if they could not. */
  unread?: string;
  /** The content that the index stores, if the files are valid. */
  content?: ReadContent;
}

/**
 * Validates a commit as a version. Errors and warnings about hidden characters have the form `file:line:column: message`.
 */
async function validateCommit(
  { analysis }: AnalysisDeps,
  caller: Caller,
  objects: ObjectReader,
  name: string,
  commit: Oid,
  policy: ImportPolicy,
): Promise<JudgedCommit> {
  const files: Files = await filesOf(objects, commit);
  const paths = checkPaths(files.keys());
  if (paths.length > 0) {
    return { faults: paths.map(({ path, message }) => `${path}: ${message}`), warnings: [] };
  }
  const validation = await analysis
    .ask(accountOf(caller), 'validateVersion', name, files, policy)
    .catch((error: unknown) => {
      if (isUnread(error)) return error;
      throw error;
    });
  if (validation instanceof Problem) {
    return { faults: [], warnings: [], unread: validation.message };
  }
  const { errors, warnings, content } = validation;
  const faults = errors.map(
    ({ file, line, column, code, message }) =>
      `${file ?? mainFile(name)}:${line}:${column}: ${message} [${code}]`,
  );
  return { faults, warnings: misleading(name, warnings), ...(content && { content }) };
}
