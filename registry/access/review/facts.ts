/** What the rules of review are decided on: facts come in, reasons in words go out (verdicts.ts, blockers.ts). */

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
  /** Key of what it changed; null where that commit is gone. */
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

/** What a definition is, before or after the change; null where there is no such side. */
export interface Touched {
  category: string | null;
  manufacturer: string | null;
}

/** Who opened, pushed and wrote: accounts, and the mailboxes of authors and co-authors (mailbox.ts). */
export interface Involved {
  ids: ReadonlySet<number>;
  mailboxes: ReadonlySet<string>;
}

export interface ReviewFacts {
  state: 'open' | 'merged' | 'closed';
  draft: boolean;
  archived: boolean;
  /** Why what would land may not be used (any more), or null. */
  revoked: string | null;
  head: string;
  /** Key of what the head changes; null where that is not known. */
  changes: string | null;
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
