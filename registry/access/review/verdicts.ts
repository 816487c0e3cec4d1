/** Who may approve or request changes, and which reviews count now. */
import type { Review, ReviewFacts, ReviewPolicy, Verdict } from './facts.ts';
import { mailboxOf } from './mailbox.ts';
import { owns, type Touching } from './owners.ts';

export interface Standing {
  review: Review;
  standing: boolean;
  /** The reason why the review does not count, as text. Null if the review counts. */
  why: string | null;
}

export const REPLACED = 'a later review by the same person replaces this review';

/** Decides for each review whether it counts now. Only the newest verdict of each author can count. */
export function standingOf(facts: ReviewFacts, policy: ReviewPolicy): Standing[] {
  const newest = newestVerdicts(facts.reviews);
  return facts.reviews.map((review) => {
    const why = whyNot(review, newest.get(review.author.id), facts, policy);
    return { review, standing: why === null, why };
  });
}

/** The newest verdict of each author, by the author's id. Comments are not verdicts. */
function newestVerdicts(reviews: readonly Review[]): Map<number, Review> {
  return new Map(
    reviews
      .filter(({ verdict }) => verdict !== 'comment')
      .map((review) => [review.author.id, review]),
  );
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
  if (review.head !== facts.head && review.changes === null) {
    return 'the review is for an earlier head that no longer exists';
  }
  if (review.head !== facts.head && review.changes !== facts.changes) {
    return 'the review was given for an earlier head with different changes';
  }
  const may = mayApprove({ ...review.author, isAdmin: review.isAdmin }, facts, policy);
  return may.allowed ? null : may.why;
}

/**
 * Admins of the lab and owners of the changed parts may approve. People who took part in the change may approve only if
 * the lab's policy allows self-approval.
 */
export function mayApprove(
  author: { id: number; email: string; isAdmin: boolean },
  facts: Touching & Pick<ReviewFacts, 'involved'>,
  policy: ReviewPolicy,
): { allowed: true } | { allowed: false; why: string } {
  const { ids, mailboxes } = facts.involved;
  const tookPart = ids.has(author.id) || mailboxes.has(mailboxOf(author.email));
  if (!policy.allowSelfApproval && tookPart) {
    return {
      allowed: false,
      why: 'people who opened, pushed or wrote a change cannot approve it',
    };
  }
  if (author.isAdmin || owns(author.id, facts, policy)) return { allowed: true };
  return {
    allowed: false,
    why: 'only admins of the lab and owners of the changed parts can approve',
  };
}

/**
 * Admins and owners may request changes, even if they took part in the change. Everybody can withdraw an own request for
 * changes by approving. The approval itself counts only if its author may approve.
 */
export function mayGive(
  verdict: Exclude<Verdict, 'comment'>,
  author: { id: number; email: string; isAdmin: boolean },
  facts: Touching & Pick<ReviewFacts, 'involved' | 'reviews'>,
  policy: ReviewPolicy,
): ReturnType<typeof mayApprove> {
  if (verdict === 'request_changes') {
    return mayApprove(author, facts, { ...policy, allowSelfApproval: true });
  }
  const objects = newestVerdicts(facts.reviews).get(author.id)?.verdict === 'request_changes';
  return objects ? { allowed: true } : mayApprove(author, facts, policy);
}
