/** Loads the input of the rules of review. The number of queries is the same for every merge request. */

import type { Caches } from '../../../repos/caches.ts';
import type { Oid, Repositories, Repository, Tip } from '../../../repos/types.ts';
import type { Rules } from '../../access/decide.ts';
import { benchRefusal } from '../../access/review/benches.ts';
import type { Involved, ReviewFacts, ReviewPolicy } from '../../access/review/facts.ts';
import { mailboxOf } from '../../access/review/mailbox.ts';
import { parseRecord } from '../../definitions/record.ts';
import { notFound } from '../../errors.ts';
import { everything, findDefinition } from '../../store/definitions.ts';
import type {
  Definition,
  Lab,
  MergeRequest,
  MergeRequestHead,
} from '../../store/entities/index.ts';
import { findMergeRequest } from '../../store/merge-requests.ts';
import type { Store } from '../../store/open.ts';
import {
  type Person,
  type PostedCheck,
  type ReviewRecords,
  reviewRecords,
} from '../../store/review-records.ts';
import type { ReviewWithStanding } from '../../store/reviews.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { authorize, type Caller } from '../caller.ts';
import { readState } from '../content/files.ts';
import { importPolicyOf, reviewPolicyOf } from '../lab-policy.ts';
import { findRevokedWith, revokedText } from '../landing/basis.ts';
import { builtOn, changesAt } from './built-on.ts';
import { treeOf } from './examine.ts';
import { type Grants, grantsOf } from './grants.ts';
import { isGone } from './is-gone.ts';
import { type OwnJudgement, ownChecks } from './own-checks.ts';

export interface ReviewDeps extends AnalysisDeps {
  caches: Caches;
  store: Store;
  repositories: Repositories;
  rules: Rules;
  publicUrl: () => string;
}

export interface LoadedFacts extends Omit<ReviewRecords, 'checks'> {
  row: MergeRequest;
  /** Null if the definition or the commits of the head no longer exist. */
  git: {
    repository: Repository;
    tip: Tip;
    from: Oid | null;
    to: Oid;
    own: OwnJudgement;
    /** A sentence that names the revoked version with the content that would land. Null if there is no such version. */
    revoked: string | null;
  } | null;
  definition: Definition | null;
  /** The checks that accounts and bench computers posted for the current head. */
  posted: PostedCheck[];
  facts: ReviewFacts;
  policy: ReviewPolicy;
  grants: Grants;
}

/** What the caller is about to do with a merge request. */
export const actionOn = (
  { lab_id, state }: Pick<MergeRequest, 'lab_id' | 'state'>,
  verb: 'read' | 'discuss' | 'decide' | 'test',
) => ({ on: 'merge-request', do: verb, labId: lab_id, isOpen: state === 'open' }) as const;

/** Loads the row of a merge request. Throws `not_found` if it does not exist or if the caller may not see it. */
export async function loadMergeRequest(
  { store, rules }: Pick<ReviewDeps, 'store' | 'rules'>,
  caller: Caller,
  id: number,
): Promise<MergeRequest> {
  authorize(caller, { on: 'merge-requests', do: 'list' }, rules, 'merge request');
  const row = await findMergeRequest(store.em(), id);
  if (!row) throw notFound('merge request');
  authorize(caller, actionOn(row, 'read'), rules, 'merge request');
  return row;
}

export async function loadFacts(
  deps: ReviewDeps,
  caller: Caller,
  row: MergeRequest,
): Promise<LoadedFacts> {
  const em = deps.store.em();
  const definition =
    row.definition_id === null ? null : await findDefinition(em, row.definition_id, everything);
  const { checks: posted, ...records } = await reviewRecords(em, row.id, row.head);
  const { lab, heads, reviews, people } = records;
  const policy = reviewPolicyOf(lab);
  const present = definition?.permissions ?? [];
  const git = definition && (await readGit(deps, caller, row, lab, present));
  const changesOf = await changesByHead(deps.caches, git?.repository ?? null, row, reviews);
  const facts: ReviewFacts = {
    state: row.state as ReviewFacts['state'],
    draft: row.draft,
    archived: definition?.archived_at != null,
    revoked: git?.revoked ?? null,
    head: row.head,
    changes: changesOf.get(row.head) ?? null,
    paths: git?.own.changes.map(({ path }) => path) ?? [],
    base: git?.own.before ?? null,
    proposed: git?.own.after ?? null,
    involved: involvedIn(row, heads, people),
    reviews: reviews.map((review) => ({
      id: review.id,
      author: { id: review.author_id ?? 0, username: review.author, email: review.email },
      verdict: review.verdict,
      head: review.head,
      changes: changesOf.get(review.head) ?? null,
      at: review.created_at,
      isAdmin: review.role === 'admin',
      isMember: review.role === 'admin' || review.role === 'contributor',
    })),
    checks: [
      ...(git?.own.checks ?? []),
      ...posted.map((check) => ({
        name: check.name,
        state: check.state,
        summary: check.summary,
        account: check.account_id ?? 0,
        by: check.account.replace(/^computer:/, ''),
        isBench: isFromBench(check, row),
      })),
    ],
    benchRefusal: benchRefusal(
      peopleIn(row, heads),
      lab?.bench_authors ?? null,
      new Map([...people].map(([id, { username }]) => [id, username])),
    ),
    usernames: new Map([...people].map(([id, { username }]) => [id, username])),
  };
  const loaded = { ...records, row, definition, posted, policy };
  const grants = grantsOf(reviews, facts, policy, present);
  if (!grants.stated || git === null || row.state !== 'open')
    return { ...loaded, git, facts, grants };
  const judged = await readGit(deps, caller, row, lab, grants.names);
  const others = facts.checks.slice(git.own.checks.length);
  const checks = [...(judged?.own.checks ?? []), ...others];
  return { ...loaded, git: judged, facts: { ...facts, checks }, grants };
}

/** Whether a check comes from a computer that is now a bench computer of the merge request's lab. */
export const isFromBench = (
  { bench_lab }: Pick<PostedCheck, 'bench_lab'>,
  { lab_id }: Pick<MergeRequest, 'lab_id'>,
): boolean => bench_lab !== null && bench_lab === lab_id;

/** The ids of all who opened, pushed or wrote the change. Null for an opener or pusher without an account. */
export const peopleIn = (
  row: MergeRequest,
  heads: readonly MergeRequestHead[],
): (number | null)[] => [
  row.author_id,
  ...heads.flatMap(({ pushed_by, author_ids }) => [pushed_by, ...author_ids]),
];

/** The people who took part in the change. Two accounts with the same mailbox count as one person. */
function involvedIn(
  row: MergeRequest,
  heads: readonly MergeRequestHead[],
  people: ReadonlyMap<number, Person>,
): Involved {
  const ids = peopleIn(row, heads);
  const theirs = ids.flatMap((id) => (id === null ? [] : (people.get(id)?.email ?? [])));
  return {
    ids: new Set(ids.filter(isId)),
    mailboxes: new Set([...heads.flatMap(({ authors }) => authors), ...theirs.map(mailboxOf)]),
  };
}

const isId = (id: number | null): id is number => id !== null;

/** Reads a merged merge request as it landed. Any other merge request is compared with the current `main`. */
async function readGit(
  deps: ReviewDeps,
  caller: Caller,
  row: MergeRequest,
  lab: Lab | null,
  granted: readonly string[],
): Promise<LoadedFacts['git']> {
  const { repositories } = deps;
  if (!(await repositories.exists(row.definition))) return null;
  const repository = await repositories.open(row.definition);
  const tip = await repository.tip();
  const policy = importPolicyOf(lab);
  try {
    const landed = row.merged_version && (await repository.version(row.merged_version));
    if (landed) {
      const from = (await repository.readCommit(landed.commit)).parents[0] ?? null;
      const at = { name: row.definition, base: from, head: landed.commit, main: from };
      const { permissions = [] } = parseRecord(landed.record);
      const own = await ownChecks(deps, caller, repository, at, policy, permissions);
      return { repository, tip, from, to: landed.commit, own, revoked: null };
    }
    const base =
      row.state === 'open' ? (await builtOn(deps.caches, repository, row.head)).base : row.base;
    const at = { name: row.definition, base, head: row.head, main: tip.head };
    const own = await ownChecks(deps, caller, repository, at, policy, granted);
    const revoked = await revokedTarget(repository, tip.head, own.landing);
    return { repository, tip, from: base, to: row.head, own, revoked };
  } catch (error) {
    // git removes the commits of a closed merge request once no ref reaches them.
    if (row.state === 'closed' && isGone(error)) return null;
    throw error;
  }
}

/** The changes of the current head and of each approved head, from git. Empty for a closed or merged merge request. */
async function changesByHead(
  caches: Caches,
  repository: Repository | null,
  row: MergeRequest,
  reviews: readonly ReviewWithStanding[],
): Promise<Map<Oid, string | null>> {
  const found = new Map<Oid, string | null>();
  if (repository === null || row.state !== 'open') return found;
  const given = reviews.filter(({ verdict }) => verdict === 'approve').map(({ head }) => head);
  for (const head of new Set([row.head, ...given])) {
    found.set(head, await changesAt(caches, repository, head));
  }
  return found;
}

/** A sentence that names the revoked version with the tree that would land. Null if there is no such version. */
async function revokedTarget(
  repository: Repository,
  main: Oid | null,
  landing: ReadonlyMap<string, string | null>,
): Promise<string | null> {
  const { state } = await readState(repository);
  const target = new Map(await treeOf(repository, main));
  for (const [path, entry] of landing) {
    if (entry === null) target.delete(path);
    else target.set(path, entry);
  }
  const again = await findRevokedWith(repository, state, async (commit) => {
    const tree = await treeOf(repository, commit);
    return tree.size === target.size && [...tree].every(([path, e]) => target.get(path) === e);
  });
  return again && revokedText(again);
}
