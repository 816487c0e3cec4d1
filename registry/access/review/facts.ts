/** The facts that the rules of review work on. The rules return reasons in words (verdicts.ts, blockers.ts). */

export type Verdict = 'approve' | 'request_changes' | 'comment';

/** One of `users` must approve a change that matches. All given criteria must match; there is at least one. */
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
  /** Name of a check to the id of the account whose result counts. */
  requiredChecks: Readonly<Record<string, number>>;
  owners: readonly OwnerRule[];
}

export interface Review {
  id: number;
  author: { id: number; username: string; email: string };
  verdict: Verdict;
  /** The reviewed commit. */
  head: string;
  /** Key of its changes; null if the commit is gone. */
  changes: string | null;
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

/** The definition before or after the change; null if there is no such side. */
export interface Touched {
  category: string | null;
  manufacturer: string | null;
}

/** Who took part: the accounts that opened and pushed, and the mailboxes of authors and co-authors (mailbox.ts). */
export interface Involved {
  ids: ReadonlySet<number>;
  mailboxes: ReadonlySet<string>;
}

export interface ReviewFacts {
  state: 'open' | 'merged' | 'closed';
  draft: boolean;
  archived: boolean;
  /** Why the result must not be used (any more), or null. */
  revoked: string | null;
  head: string;
  /** Key of the head's changes; null if unknown. */
  changes: string | null;
  /** Changed paths, with the old and the new name of renamed files. */
  paths: readonly string[];
  base: Touched | null;
  proposed: Touched | null;
  involved: Involved;
  /** Oldest first. */
  reviews: readonly Review[];
  checks: readonly Check[];
  /** Names of the accounts in the rules. */
  usernames: ReadonlyMap<number, string>;
}
