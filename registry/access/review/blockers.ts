/** Lists the reasons why a merge request cannot land, as sentences. */
import { BENCH, missingTests } from './benches.ts';
import type { Review, ReviewFacts, ReviewPolicy } from './facts.ts';
import { appliedRules, nameOf, owns } from './owners.ts';
import { REPLACED, type Standing, standingOf } from './verdicts.ts';

/** The check `interface` only informs: its failure never blocks a landing. */
const INFORMS = 'interface';

/** Returns one sentence for each reason why the merge request cannot land. Empty if the merge request can land. */
export function blockers(facts: ReviewFacts, policy: ReviewPolicy): string[] {
  return [...hindrances(facts), ...unmetPolicy(facts, policy)];
}

/** Reasons that also stop a landing with an override. */
export function hindrances(facts: ReviewFacts): string[] {
  if (facts.state === 'merged') return ['The merge request is already merged.'];
  if (facts.state === 'closed') return ['The merge request is closed: reopen it first.'];
  return [
    ...(facts.archived
      ? ['The definition is archived. An admin of the lab must unarchive the definition first.']
      : []),
    ...(facts.revoked ? [facts.revoked] : []),
    ...(facts.draft ? ['The merge request is a draft: mark it as ready first.'] : []),
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

/** Reasons that come from the lab's policy. With an override, a lab admin can land in spite of these reasons. */
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
          `${author.username} has requested changes and must approve before the merge request can land.`,
      ),
    ...missingChecks(facts, policy),
    ...appliedRules(facts, policy)
      .filter(({ rule }) => !approvals.some(({ author }) => rule.users.includes(author.id)))
      .map(({ rule, why }) => {
        const names = rule.users.map((id) => facts.usernames.get(id) ?? `account ${id}`);
        return `An owner of ${nameOf(rule)} must approve: ${names.join(' or ')} (${why}).`;
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
    `The merge request has ${given} of ${requiredApprovals} required approvals by lab admins.${lost.join('')}`,
  ];
}

function missingChecks(
  { checks, usernames, benchRefusal }: ReviewFacts,
  { requiredChecks }: ReviewPolicy,
): string[] {
  return Object.entries(requiredChecks).flatMap(([name, account]) => {
    if (account === BENCH) return missingTests(checks, benchRefusal);
    const found = checks.find((check) => check.name === name && check.account === account);
    if (found?.state === 'success') return [];
    const who = usernames.get(account) ?? `account ${account}`;
    return [
      found
        ? `The required check "${name}" of ${who} is "${found.state}".`
        : `The required check "${name}" is missing: ${who} must post a result for this head.`,
    ];
  });
}
