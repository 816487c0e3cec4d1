/** Collects the permissions that lab admins have granted with approvals that count now. */
import type { ReviewFacts, ReviewPolicy } from '../../access/review/facts.ts';
import { standingOf } from '../../access/review/verdicts.ts';
import type { ReviewWithStanding } from '../../store/reviews.ts';

export interface Grants {
  /** The banned modules and built-ins that the definition may use. */
  names: readonly string[];
  /**
   * Whether approvals of this merge request grant `names`. If false, `names` are the permissions of the newest version.
   */
  stated: boolean;
  /** The username of the admin who granted each name. */
  by: ReadonlyMap<string, string>;
}

/** A grant counts as long as its approval counts. `present` are the permissions of the newest version. */
export function grantsOf(
  reviews: readonly ReviewWithStanding[],
  facts: ReviewFacts,
  policy: ReviewPolicy,
  present: readonly string[],
): Grants {
  const standing = standingOf(facts, policy);
  const by = new Map<string, string>();
  let stated = false;
  for (const [i, { verdict, role, author, grants }] of reviews.entries()) {
    if (grants === null || verdict !== 'approve' || role !== 'admin') continue;
    if (!standing[i]?.standing) continue;
    stated = true;
    for (const name of grants) by.set(name, author);
  }
  return { names: stated ? [...by.keys()] : present, stated, by };
}
