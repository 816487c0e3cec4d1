/**
 * What stands between a merge request and its landing, in words. Pure, like decide.ts: the facts come in, the
 * reasons go out.
 */
import { matchesPattern } from './glob.ts';

export type Verdict = 'approve' | 'request_changes' | 'comment';

/** Of `users` one must approve what matches; several criteria must all match, at least one is given. */
export interface OwnerRule {
  /** A pattern on paths, as gitignore(5) reads it. */
  pattern?: string;
  category?: string;
  manufacturer?: string;
  users: number[];
}

export interface ReviewPolicy {
  requiredApprovals: number;
  allowSelfApproval: boolean;
  /** Name of a check to the id of the account whose word counts. */
  requiredChecks: Readonly<Record<string, number>>;
  owners: readonly OwnerRule[];
}

export interface Review {
  id: number;
  author: { id: number; username: string; email: string };
  verdict: Verdict;
  /** The commit that was looked at. */
  head: string;
  /** Key of what it changed. */
  changes: string;
  at: Date;
  /** Whether the author is an admin of the lab, or of the site, now. */
  isAdmin: boolean;
  /** Whether the author may take part now. */
  isMember: boolean;
}

export interface Check {
  name: string;
  state: string;
  /** Who posted it; null for the registry's own. */
  account: number | null;
  summary: string | null;
}

/** What a definition is, before or after the change; null where there is no such side. */
export interface Touched {
  category: string | null;
  manufacturer: string | null;
}

/** Who opened and pushed (ids), who authored or co-authored (e-mail addresses in lower case). */
export interface Involved {
  ids: ReadonlySet<number>;
  emails: ReadonlySet<string>;
}

export interface ReviewFacts {
  state: 'open' | 'merged' | 'closed';
  draft: boolean;
  archived: boolean;
  head: string;
  changes: string;
  /** Paths that are changed, old and new names alike. */
  paths: readonly string[];
  base: Touched | null;
  proposed: Touched | null;
  involved: Involved;
  /** Oldest first. */
  reviews: readonly Review[];
  checks: readonly Check[];
  /** Names of the accounts that rules speak of. */
  usernames: ReadonlyMap<number, string>;
}

export interface Standing {
  review: Review;
  standing: boolean;
  /** Why it does not count, in words. */
  why: string | null;
}

/** The check that informs and never blocks. */
const INFORMS = 'interface';

const REPLACED = 'a later review of the same person replaces it';

/** What each author's newest verdict is worth now; comments neither give nor take. */
export function standingOf(facts: ReviewFacts, policy: ReviewPolicy): Standing[] {
  const newest = new Map<number, Review>();
  for (const review of facts.reviews) {
    if (review.verdict !== 'comment') newest.set(review.author.id, review);
  }
  return facts.reviews.map((review) => {
    const why = whyNot(review, newest.get(review.author.id), facts, policy);
    return { review, standing: why === null, why };
  });
}

function whyNot(
  review: Review,
  newest: Review | undefined,
  facts: ReviewFacts,
  policy: ReviewPolicy,
): string | null {
  if (review.verdict === 'comment') return null;
  if (review !== newest) return REPLACED;
  if (!review.isMember) return `${review.author.username} does not take part in this lab any more`;
  if (review.verdict === 'request_changes') return null;
  if (review.head !== facts.head && review.changes !== facts.changes) {
    return 'it was given to an earlier head with other changes';
  }
  const may = mayApprove({ ...review.author, isAdmin: review.isAdmin }, facts, policy);
  return may.allowed ? null : may.why;
}

/** Admins, and owners of what is touched; whoever took part in it only where the lab lets them. */
export function mayApprove(
  author: { id: number; email: string; isAdmin: boolean },
  facts: Pick<ReviewFacts, 'involved' | 'paths' | 'base' | 'proposed'>,
  policy: ReviewPolicy,
): { allowed: true } | { allowed: false; why: string } {
  const { ids, emails } = facts.involved;
  if (!policy.allowSelfApproval && (ids.has(author.id) || emails.has(author.email.toLowerCase()))) {
    return {
      allowed: false,
      why: 'whoever opened, pushed or wrote a change cannot approve it; somebody else must',
    };
  }
  const owns = touchedRules(facts, policy).some(({ users }) => users.includes(author.id));
  if (author.isAdmin || owns) return { allowed: true };
  return {
    allowed: false,
    why: 'only admins of the lab and owners of what is changed can approve',
  };
}

/** Why it cannot land, each reason a sentence; none when it can. */
export function blockers(facts: ReviewFacts, policy: ReviewPolicy): string[] {
  return [...hindrances(facts), ...unmetPolicy(facts, policy)];
}

/** Reasons that nothing sets aside. */
export function hindrances(facts: ReviewFacts): string[] {
  if (facts.state === 'merged') return ['It is merged already.'];
  if (facts.state === 'closed') return ['It is closed. Reopen it first.'];
  return [
    ...(facts.archived
      ? ['The definition is archived. An admin of its lab must take it back first.']
      : []),
    ...(facts.draft ? ['It is a draft. Mark it as ready first.'] : []),
    ...facts.checks
      .filter(
        ({ account, name, state }) => account === null && name !== INFORMS && state !== 'success',
      )
      .map(({ name, state, summary }) => {
        const how = state === 'failure' ? 'fails' : `is "${state}"`;
        return `The check "${name}" ${how}${summary ? `: ${summary}` : ''}.`;
      }),
  ];
}

/** Reasons of the lab's policy, which break glass sets aside. */
export function unmetPolicy(facts: ReviewFacts, policy: ReviewPolicy): string[] {
  const reviews = standingOf(facts, policy);
  const standing = reviews.filter((one) => one.standing).map(({ review }) => review);
  const approvals = standing.filter(({ verdict }) => verdict === 'approve');
  return [
    ...missingApprovals(reviews, approvals, policy),
    ...standing
      .filter(
        ({ verdict, isAdmin, author }) =>
          verdict === 'request_changes' && (isAdmin || owns(author.id, facts, policy)),
      )
      .map(
        ({ author }) =>
          `${author.username} has requested changes and must approve before it can land.`,
      ),
    ...missingChecks(facts, policy),
    ...touchedRules(facts, policy)
      .filter(({ users }) => !approvals.some(({ author }) => users.includes(author.id)))
      .map((rule) => {
        const names = rule.users.map((id) => facts.usernames.get(id) ?? `account ${id}`);
        return `An owner of ${nameOf(rule)} must approve: ${names.join(' or ')}.`;
      }),
  ];
}

function missingApprovals(
  reviews: Standing[],
  approvals: Review[],
  { requiredApprovals }: ReviewPolicy,
): string[] {
  const given = approvals.filter(({ isAdmin }) => isAdmin).length;
  if (given >= requiredApprovals) return [];
  const lost = reviews
    .filter(({ review, why }) => review.verdict === 'approve' && why !== null && why !== REPLACED)
    .map(({ review, why }) => ` The approval of ${review.author.username} does not count: ${why}.`);
  return [
    `It needs ${count(requiredApprovals, 'approval')} of lab admins and has ${given}.${lost.join('')}`,
  ];
}

function missingChecks(
  { checks, usernames }: ReviewFacts,
  { requiredChecks }: ReviewPolicy,
): string[] {
  return Object.entries(requiredChecks).flatMap(([name, account]) => {
    const found = checks.find((check) => check.name === name && check.account === account);
    if (found?.state === 'success') return [];
    const who = usernames.get(account) ?? `account ${account}`;
    return [
      found
        ? `The required check "${name}" of ${who} is "${found.state}".`
        : `The required check "${name}" is missing: ${who} must post it for this head.`,
    ];
  });
}

/** Looked at on both sides, so that a change cannot leave its owners behind. */
function touchedRules(
  { paths, base, proposed }: Pick<ReviewFacts, 'paths' | 'base' | 'proposed'>,
  { owners }: ReviewPolicy,
): OwnerRule[] {
  const sides = [base, proposed].filter((side) => side !== null);
  return owners.filter(({ pattern, category, manufacturer }) => {
    const things = sides.some(
      (side) =>
        (category === undefined || same(side.category, category)) &&
        (manufacturer === undefined || same(side.manufacturer, manufacturer)),
    );
    const files = pattern === undefined || paths.some((path) => matchesPattern(path, pattern));
    return files && (things || (category === undefined && manufacturer === undefined));
  });
}

const owns = (id: number, facts: ReviewFacts, policy: ReviewPolicy): boolean =>
  touchedRules(facts, policy).some(({ users }) => users.includes(id));

const same = (a: string | null, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

function nameOf({ pattern, category, manufacturer }: OwnerRule): string {
  return [pattern, category && `category ${category}`, manufacturer && `maker ${manufacturer}`]
    .filter(Boolean)
    .join(', ');
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
