/** Lands a merge request as one squashed commit on `main`. The record of the new version names its approvals. */
import type { Commit, Oid, RefUpdate } from '../../../repos/types.ts';
import { headRef, isBranch, mergeRef } from '../../../text/refs.ts';
import { hindrances, unmetPolicy } from '../../access/review/blockers.ts';
import { standingOf } from '../../access/review/verdicts.ts';
import {
  type Approval,
  landingMessage,
  type Override,
  overrideFor,
} from '../../definitions/record.ts';
import { Problem } from '../../errors.ts';
import type { MergeInput } from '../../schemas/review.ts';
import { holdDiscussion, readDiscussion } from '../../store/judged.ts';
import { authorize, authorOf, type Caller } from '../caller.ts';
import { commitsBeyondVersions } from '../content/history.ts';
import type { SaveDeps } from '../deps.ts';
import { land, type NewVersion } from '../landing/landing.ts';
import type { Step } from '../landing/transaction.ts';
import { authorsOf, treeOf } from './examine.ts';
import { actionOn, type LoadedFacts, loadFacts, loadMergeRequest } from './facts.ts';
import { readContents } from './own-checks.ts';

/** How many times a merge is tried when another landing comes first. After the last try, the caller gets an error. */
const ATTEMPTS = 5;

/**
 * `POST /api/merge-requests/:id/merge`. If another landing comes first, all checks run again on top of the new version.
 * Throws `not_mergeable` with every reason, `conflict` if the head moved, `forbidden`, `not_found`.
 */
export async function landMergeRequest(
  deps: SaveDeps,
  caller: Caller,
  id: number,
  order: MergeInput,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryMerge(deps, caller, id, order);
    } catch (error) {
      const raced = error instanceof Problem && error.code === 'conflict' && error.cause;
      if (!raced || attempt === ATTEMPTS) throw error;
    }
  }
}

async function tryMerge(deps: SaveDeps, caller: Caller, id: number, order: MergeInput) {
  const discussion = await readDiscussion(deps.store.em(), id);
  const row = await loadMergeRequest(deps, caller, id);
  authorize(caller, actionOn(row, 'decide'), deps.rules, 'merge request');
  const loaded = await loadFacts(deps, caller, row);
  const { git, facts, policy, grants } = loaded;
  const against = hindrances(facts);
  if (against.length > 0) throw notMergeable(id, against);
  if (git === null)
    throw notMergeable(id, ['The definition of this merge request no longer exists.']);
  if (row.head !== order.head) {
    throw new Problem(
      'conflict',
      `The head of merge request !${id} is now ${row.head}. Look at the new head before you merge.`,
      [{ path: 'head', message: `is ${row.head} now` }],
    );
  }
  const unmet = unmetPolicy(facts, policy);
  if (unmet.length > 0 && order.override === undefined) throw notMergeable(id, unmet);
  const overrides =
    unmet.length > 0 && order.override !== undefined ? [overrideFor(order.override, unmet)] : [];
  const version = await squash(caller, loaded, git, order.change_summary, overrides);
  await land(deps, caller, {
    repository: git.repository,
    from: git.tip,
    judged: {
      lab: loaded.lab,
      stands: async (em) => (await holdDiscussion(em, id)) === discussion,
    },
    versions: [version],
    steps: [await mergeStep(git, row, version.commit)],
    grants: grants.names,
  });
}

const notMergeable = (id: number, reasons: string[]): Problem =>
  new Problem(
    'not_mergeable',
    `Merge request !${id} cannot be merged. ${reasons.join(' ')}`,
    reasons.map((message) => ({ path: 'merge_request', message })),
  );

type Git = NonNullable<LoadedFacts['git']>;

/**
 * Writes the commit that lands. The author is that of the first commit on the branch, and the committer is the caller.
 */
async function squash(
  caller: Caller,
  loaded: LoadedFacts,
  git: Git,
  changeSummary: string | undefined,
  overrides: Override[],
): Promise<NewVersion> {
  const { row } = loaded;
  const { repository, tip } = git;
  const commits = await commitsBeyondVersions(repository, await repository.refs(), row.head);
  const first = commits[0] as Commit;
  const approvals = approvalsOf(loaded);
  const committer = { ...authorOf(caller), at: new Date() };
  const summary = changeSummary?.trim() || `${row.title}\n\n${row.description}`.trim();
  const commit = await repository.commit({
    parent: tip.head,
    ...(git.from === tip.head
      ? { tree: (await repository.readCommit(row.head)).tree }
      : { changes: await readContents(repository, git.own.landing) }),
    author: first.author,
    committer,
    message: landingMessage(summary, [
      ...coAuthors(commits).map((person): [string, string] => ['Co-authored-by', mailbox(person)]),
      ['Merge-request', `!${row.id}`],
      ...approvals.map(({ by }): [string, string] => ['Approved-by', mailbox(by)]),
      ['Landed-by', mailbox(committer)],
      ...overrides.map(({ message }): [string, string] => ['Override', message]),
    ]),
  });
  await requireModes(git, row.id, commit);
  const { name, email } = first.author;
  const review = { mergeRequest: row.id, approvals };
  return { commit, author: { name, email }, summary, overrides, review };
}

const mailbox = ({ name, email }: { name: string; email: string }): string => `${name} <${email}>`;

/**
 * Throws `not_mergeable` if the commit has other file modes than the checked result. A merged file keeps the mode that it
 * has on `main`, so a change of mode on the branch would be lost.
 */
async function requireModes({ repository, own }: Git, id: number, commit: Oid): Promise<void> {
  const tree = await treeOf(repository, commit);
  const other = [...own.landing].find(([path, entry]) => (tree.get(path) ?? null) !== entry);
  if (!other) return;
  throw notMergeable(id, [
    `A merge into the newest version would lose the file mode of ${other[0]}. Rebase the branch with git.`,
  ]);
}

/** All authors of the branch without duplicates, except the author of its first commit. */
function coAuthors(commits: readonly Commit[]): { name: string; email: string }[] {
  const people = new Map(
    commits
      .flatMap(authorsOf)
      .toReversed()
      .map((person) => [person.email.toLowerCase(), person]),
  );
  people.delete(commits[0]?.author.email.toLowerCase() ?? '');
  return [...people.values()].toReversed();
}

function approvalsOf({ facts, policy, people }: LoadedFacts): Approval[] {
  return standingOf(facts, policy)
    .filter(({ review, standing }) => standing && review.verdict === 'approve')
    .map(({ review: { author, at, head } }) => ({
      by: { ...author, name: people.get(author.id)?.name || author.username },
      at: at.toISOString(),
      head,
    }));
}

/** Checks that the head has not moved since the checks, records the merge in a ref, and deletes the branch. */
async function mergeStep({ repository }: Git, row: LoadedFacts['row'], commit: Oid): Promise<Step> {
  const updates: RefUpdate[] = [
    { ref: headRef(row.id), from: row.head, to: row.head },
    { ref: mergeRef(row.id), from: null, to: commit },
  ];
  const branch = (await repository.refs()).get(row.source_ref)?.oid;
  if (isBranch(row.source_ref) && branch !== undefined) {
    updates.push({ ref: row.source_ref, from: row.head, to: null });
  }
  // `finish` has nothing to do: landing/index-repository.ts marks the merge request as merged from the version's record.
  return { mergeRequest: row.id, updates, finish: async () => {} };
}
