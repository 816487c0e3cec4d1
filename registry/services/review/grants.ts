/** What lab admins let a definition use beyond the lab's import policy, by the approvals that stand. */
import type { ReviewFacts, ReviewPolicy } from '../../access/review/facts.ts';
import { standingOf } from '../../access/review/verdicts.ts';
import type { ReviewWithStanding } from '../../store/reviews.ts';

export interface Grants {
  /** Names of the lab's banned modules and built-ins. */
  names: readonly string[];
  /** Whether somebody said so here; else they are what the version before has. */
  stated: boolean;
  /** Username by name. */
  by: ReadonlyMap<string, string>;
}

/** A grant is bound to the head as the approval is that it came with. `present` is what the newest version has. */
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
