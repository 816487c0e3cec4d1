/** The permissions that lab admins grant with the approvals that are valid now. */
import type { ReviewFacts, ReviewPolicy } from '../../access/review/facts.ts';
import { standingOf } from '../../access/review/verdicts.ts';
import type { ReviewWithStanding } from '../../store/reviews.ts';

export interface Grants {
  /** Names of the lab's banned modules and built-ins. */
  names: readonly string[];
  /** Whether they were granted here; otherwise they are those of the version before. */
  stated: boolean;
  /** The username of the admin, by name. */
  by: ReadonlyMap<string, string>;
}

/** A grant is bound to the head like its approval. `present` are the permissions of the newest version. */
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
