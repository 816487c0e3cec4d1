/** Shows a merge request as the API returns it. */
import { visible, visibleLine } from '../../../text/hidden.ts';
import { BENCH, TESTS } from '../../access/review/benches.ts';
import { blockers, hindrances } from '../../access/review/blockers.ts';
import type { ReviewPolicy } from '../../access/review/facts.ts';
import { appliedRules, nameOf } from '../../access/review/owners.ts';
import { standingOf } from '../../access/review/verdicts.ts';
import {
  type Check,
  type MergeRequestPage,
  MOST_TEXT,
  type MergeRequest as Shown,
} from '../../schemas/review.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import type { Person, PostedCheck } from '../../store/review-records.ts';
import type { Caller } from '../caller.ts';
import { diffText } from '../content/diff-text.ts';
import { commitsBeyondVersions } from '../content/history.ts';
import {
  isFromBench,
  type LoadedFacts,
  loadFacts,
  loadMergeRequest,
  type ReviewDeps,
} from './facts.ts';
import { placesOfComments } from './threads.ts';

/** The most characters of a diff that the API returns. Longer diffs are cut. */
const MOST_DIFF = 1024 * 1024;

/** `GET /api/merge-requests/:id`. Throws `not_found`. */
export async function readMergeRequest(
  deps: ReviewDeps,
  caller: Caller,
  id: number,
): Promise<MergeRequestPage> {
  const loaded = await loadFacts(deps, caller, await loadMergeRequest(deps, caller, id));
  const { row, git, facts, policy, heads, reviews, comments, posted, people, grants } = loaded;
  const places = await placesOfComments(deps, caller, git?.repository ?? null, comments, row);
  const against = blockersOf(loaded);
  const standing = standingOf(facts, policy);
  const account = accountsOf(people);
  const diff = git ? await diffText(git.repository, git.from, git.to) : '';
  const commits = git
    ? await commitsBeyondVersions(git.repository, await git.repository.refs(), row.head)
    : [];
  return {
    ...summaryOf(deps, row, people),
    ...(row.state === 'open' && git && { base: git.from }),
    can_merge: against.length === 0,
    blockers: against,
    approvals: {
      given: standing.filter(
        ({ review, standing }) => standing && review.verdict === 'approve' && review.isAdmin,
      ).length,
      required: policy.requiredApprovals,
    },
    owners: appliedRules(facts, policy).map(({ rule, why }) => ({
      rule: nameOf(rule),
      why,
      users: rule.users.map((id) => account(id, `account ${id}`)),
      approved: standing.some(
        ({ review, standing }) =>
          standing && review.verdict === 'approve' && rule.users.includes(review.author.id),
      ),
    })),
    diff: diff.slice(0, MOST_DIFF),
    diff_truncated: diff.length > MOST_DIFF,
    files: git?.own.changes ?? [],
    commits: commits.map(({ oid, author, message }) => ({
      commit: oid,
      author: { name: visibleLine(author.name), email: visibleLine(author.email) },
      message: visible(message.slice(0, MOST_TEXT)),
      created_at: author.at.toISOString(),
    })),
    heads: heads.map(({ head, base, pushed_by, created_at }) => ({
      head,
      base,
      pushed_by: pushed_by === null ? null : account(pushed_by, ''),
      created_at: created_at.toISOString(),
    })),
    checks: [
      ...(git?.own.checks ?? []).map(({ name, state, summary }) => ({
        name,
        state,
        summary,
        url: null,
        account: null,
        required: name !== 'interface',
        standing: true,
        details: null,
      })),
      ...posted.map((check) => showCheck(check, row, policy)),
    ],
    bench: { may_run: facts.benchRefusal === null, why: facts.benchRefusal },
    interface: {
      breaking: git?.own.interface.some(({ breaking }) => breaking) ?? false,
      changes: git?.own.interface ?? [],
    },
    traffic: git?.own.traffic ?? [],
    permissions: (git?.own.permissions ?? []).map((one) => ({
      ...one,
      granted:
        (row.state === 'merged' ? git?.own.granted : grants.names)?.includes(one.name) ?? false,
      granted_by: grants.by.get(one.name) ?? null,
    })),
    reviews: reviews.map((review, i) => ({
      id: review.id,
      author: account(review.author_id, review.author),
      verdict: review.verdict,
      body: review.body,
      head: review.head,
      created_at: review.created_at.toISOString(),
      standing: standing[i]?.standing ?? false,
      why: standing[i]?.why ?? null,
    })),
    comments: comments.map((comment) => ({
      id: comment.id,
      author: account(comment.author_id, comment.author),
      body: comment.body,
      in_reply_to: comment.in_reply_to,
      file: comment.file,
      side: comment.side,
      line: places.get(comment.id)?.line ?? null,
      original_line: comment.line,
      outdated: places.get(comment.id)?.outdated ?? false,
      head: comment.head,
      created_at: comment.created_at.toISOString(),
    })),
  };
}

/** A check posted by an account or a bench computer. */
export function showCheck(
  check: PostedCheck,
  row: MergeRequest,
  { requiredChecks }: ReviewPolicy,
): Check {
  const { name, state, url, summary, account, account_id } = check;
  const isBench = isFromBench(check, row);
  const standing = name !== TESTS || isBench;
  const required =
    requiredChecks[name] === BENCH
      ? isBench
      : account_id !== null && requiredChecks[name] === account_id;
  const details = check.details as Check['details'];
  return { name, state, url, summary, account, required, standing, details };
}

/** Why the merge request cannot land. For a closed or merged merge request, the state is the only reason. */
export function blockersOf({ facts, policy, git }: LoadedFacts): string[] {
  if (facts.state !== 'open') return hindrances(facts);
  if (git === null) return ['The definition of this merge request no longer exists.'];
  return blockers(facts, policy);
}

/** Shows a merge request as an item of a list. */
export function summaryOf(
  { publicUrl }: Pick<ReviewDeps, 'publicUrl'>,
  row: MergeRequest,
  people: ReadonlyMap<number, Person>,
): Shown {
  const account = accountsOf(people);
  const at = row.decided_at?.toISOString() ?? null;
  const by = row.decided_by === null ? null : account(row.decided_by, '');
  const [merged, closed] = [row.state === 'merged', row.state === 'closed'];
  return {
    id: row.id,
    title: row.title,
    description: row.description,
    state: row.state as Shown['state'],
    draft: row.draft,
    definition: { id: row.definition_id, name: row.definition },
    lab_id: row.lab_id,
    author: account(row.author_id, row.author),
    source_ref: row.source_ref,
    head: row.head,
    base: row.base,
    merged_version: row.merged_version,
    merged_at: merged ? at : null,
    merged_by: merged ? by : null,
    closed_at: closed ? at : null,
    closed_by: closed ? by : null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    url: `${publicUrl()}/merge-requests/${row.id}`,
  };
}

/** The current username of an account. If the account no longer exists, the username that was recorded. */
const accountsOf =
  (people: ReadonlyMap<number, Person>) =>
  (id: number | null, name: string): { id: number | null; username: string } => ({
    id,
    username: (id === null ? undefined : people.get(id)?.username) ?? name,
  });
