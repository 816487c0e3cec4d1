/** The input of the rules of review (verdicts.ts, blockers.ts). */

export type Verdict = 'approve' | 'request_changes' | 'comment';

/** One of `users` must approve each change that matches all given criteria. A rule has at least one criterion. */
export interface OwnerRule {
  /** A pattern for paths, in the format of gitignore(5). */
  pattern?: string;
  category?: string;
  manufacturer?: string;
  users: number[];
}

export interface ReviewPolicy {
  requiredApprovals: number;
  allowSelfApproval: boolean;
  /**
   * Maps the name of each required check to the id of the account that must post it. `@bench` is any bench computer of
   * the lab.
   */
  requiredChecks: Readonly<Record<string, number | '@bench'>>;
  owners: readonly OwnerRule[];
}

export interface Review {
  id: number;
  author: { id: number; username: string; email: string };
  verdict: Verdict;
  /** The reviewed commit. */
  head: string;
  /** The key of the changes in the reviewed commit. Null if git no longer has the commit. */
  changes: string | null;
  at: Date;
  /** Whether the author is now an admin of the lab or of the site. */
  isAdmin: boolean;
  /** Whether the author may now take part in reviews of this lab. */
  isMember: boolean;
}

export interface Check {
  name: string;
  state: string;
  /** The account that posted the check. Null for a check that the registry itself computes. */
  account: number | null;
  /** The name of the account or computer that posted the check; empty for a check that the registry itself computes. */
  by: string;
  /** Whether a computer posted the check that is now a bench computer of the lab that owns the definition. */
  isBench: boolean;
  summary: string | null;
}

/** Metadata of the definition before or after the change. */
export interface Touched {
  category: string | null;
  manufacturer: string | null;
}

/**
 * The people who took part in a change: the accounts that opened or pushed the merge request, and the mailboxes of the
 * authors and co-authors of its commits (mailbox.ts).
 */
export interface Involved {
  ids: ReadonlySet<number>;
  mailboxes: ReadonlySet<string>;
}

export interface ReviewFacts {
  state: 'open' | 'merged' | 'closed';
  draft: boolean;
  archived: boolean;
  /** A sentence that names the revoked version with the same content as the result. Null if there is no such version. */
  revoked: string | null;
  head: string;
  /** The key of the head's changes. Null if the changes are unknown. */
  changes: string | null;
  /** The changed paths. A renamed file has two paths: the old and the new one. */
  paths: readonly string[];
  /** The definition before the change. Null if there is no earlier version. */
  base: Touched | null;
  /** The definition after the change. Null if git no longer has the commits. */
  proposed: Touched | null;
  involved: Involved;
  /** Oldest first. */
  reviews: readonly Review[];
  checks: readonly Check[];
  /** Why bench computers may not run the change; null if they may. */
  benchRefusal: string | null;
  /** The usernames of the accounts that the policy names, by account id. */
  usernames: ReadonlyMap<number, string>;
}
