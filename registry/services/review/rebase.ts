/** Rebases a branch onto the newest version, commit by commit. */
import type { Commit, Oid, Repository } from '../../../repos/types.ts';
import { isBranch } from '../../../text/refs.ts';
import { mergeTrees } from '../../definitions/merge.ts';
import { Problem } from '../../errors.ts';
import type { RebaseInput } from '../../schemas/review.ts';
import { findHead } from '../../store/merge-requests.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { accountOf, authorize, authorOf, type Caller } from '../caller.ts';
import { commitsBeyondVersions } from '../content/history.ts';
import type { SaveDeps } from '../deps.ts';
import { applySteps } from '../landing/transaction.ts';
import { examine, treeOf } from './examine.ts';
import { actionOn, loadMergeRequest } from './facts.ts';
import { placesOf, readContents } from './own-checks.ts';
import { moveStep } from './steps.ts';

/**
 * `POST /api/merge-requests/:id/rebase`. The rebased commits keep their authors, and the new head keeps its pusher. The
 * caller adds no content, so the caller does not count as a participant and may still approve. Approvals stay valid if
 * the list of changes stays the same. Nothing happens if the branch is already based on the newest version. Throws
 * `conflict` if the head moved, and with file and lines if a commit does not apply.
 */
export async function rebaseMergeRequest(
  deps: SaveDeps,
  caller: Caller,
  id: number,
  { head }: RebaseInput,
): Promise<void> {
  const row = await loadMergeRequest(deps, caller, id);
  authorize(caller, actionOn(row, 'discuss'), deps.rules, 'merge request');
  if (row.state !== 'open' || row.definition_id === null) {
    throw new Problem(
      'conflict',
      `Merge request !${id} is ${row.state}. Only an open merge request can be rebased.`,
    );
  }
  if (head !== undefined && head !== row.head) {
    throw new Problem(
      'conflict',
      `The head of merge request !${id} is now ${row.head}. Look at the new head, then try again.`,
    );
  }
  const repository = await deps.repositories.open(row.definition);
  const main = await repository.head();
  if (main === row.base) return;
  const refs = await repository.refs();
  const commits = await commitsBeyondVersions(repository, refs, row.head);
  if (commits.some(({ parents }) => parents.length > 1)) {
    throw new Problem(
      'conflict',
      'The branch has merge commits. Rebase the branch with git: git pull --rebase origin main',
    );
  }
  let tip = main;
  for (const commit of commits) tip = await applyCommit(deps, repository, caller, commit, tip);
  if (tip === null || tip === main) {
    throw new Problem(
      'conflict',
      'main already has all changes of the branch. Close the merge request instead.',
    );
  }
  const added = await commitsBeyondVersions(repository, refs, tip);
  const examined = await examine(repository, main, tip, added);
  const before = await findHead(deps.store.em(), id, row.head);
  const branch = isBranch(row.source_ref) ? [{ ref: row.source_ref, from: row.head, to: tip }] : [];
  const rebased = { ...examined, pushed_by: before?.pushed_by ?? null };
  await applySteps(deps, repository, [moveStep(caller, row, rebased, branch)]);
}

/** Applies a commit on top of `onto`. Returns `onto` itself if it already has all changes. Throws `conflict`. */
async function applyCommit(
  deps: AnalysisDeps,
  repository: Repository,
  caller: Caller,
  commit: Commit,
  onto: Oid | null,
): Promise<Oid | null> {
  const parent = commit.parents[0] ?? null;
  const trees = [parent, commit.oid, onto].map((oid) => treeOf(repository, oid));
  const [was, is, now] = await Promise.all(trees);
  if (!was || !is || !now) return onto;
  const merged = mergeTrees(was, is, now);
  const changes = await readContents(repository, merged.changes);
  for (const path of merged.conflicts) {
    changes.set(path, await mergeFile(deps, caller, repository, path, parent, commit, onto));
  }
  if (changes.size === 0) return onto;
  return await repository.commit({
    parent: onto,
    changes,
    author: commit.author,
    committer: { ...authorOf(caller), at: new Date() },
    message: commit.message,
  });
}

async function mergeFile(
  { analysis }: AnalysisDeps,
  caller: Caller,
  repository: Repository,
  path: string,
  base: Oid | null,
  { oid }: Commit,
  onto: Oid | null,
): Promise<Uint8Array> {
  const [was, ours, theirs] = await Promise.all(
    [base, oid, onto].map((at) => (at === null ? undefined : repository.readFile(at, path))),
  );
  const where = `commit ${oid.slice(0, 10)} does not apply on top of main`;
  if (!ours || !theirs) {
    throw conflictProblem(
      path,
      `${where}: ${path} was deleted on one side and changed on the other`,
    );
  }
  // Bytes that are not UTF-8 would change when their text is written back.
  const texts = [was ?? new Uint8Array(), ours, theirs].map((bytes) => Buffer.from(bytes));
  const [a = '', b = '', c = ''] = texts.map((bytes) => bytes.toString());
  if (texts.some((bytes) => !Buffer.from(bytes.toString()).equals(bytes))) {
    throw conflictProblem(path, `${where}: both sides changed ${path}, which is not UTF-8 text`);
  }
  const merged = await analysis.ask(accountOf(caller), 'mergeText', a, b, c);
  if ('text' in merged) return Buffer.from(merged.text);
  throw conflictProblem(path, `${where}: ${path} conflicts in ${placesOf(merged.conflicts)}`);
}

const conflictProblem = (path: string, message: string): Problem =>
  new Problem('conflict', `Rebase the branch with git: ${message}.`, [{ path, message }]);
