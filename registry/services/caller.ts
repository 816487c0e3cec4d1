/** The caller of a request: the account or computer and its address. Rights and audit entries depend on the caller. */
import { type Action, type Actor, decide, type Rules } from '../access/decide.ts';
import type { PersonRef } from '../definitions/record.ts';
import { notFound, Problem } from '../errors.ts';

export interface Caller {
  actor: Actor;
  /** The network address, or null for the command line. */
  address: string | null;
  /** The name of the token, if one was used. */
  tokenName: string | null;
}

/**
 * The name and e-mail address that the registry uses as tagger of versions and as principal of their signatures.
 */
export const REGISTRY = { name: 'Definition Registry', email: 'registry@localhost' };

/**
 * The caller for commands of the command line and for the import of built-in definitions. The operator may do everything.
 */
export const OPERATOR: Caller = {
  actor: {
    kind: 'user',
    id: 0,
    username: 'registry',
    ...REGISTRY,
    isAdmin: true,
    roles: new Map(),
    scope: 'admin',
  },
  address: null,
  tokenName: null,
};

/**
 * Throws a `Problem` with the reason if the caller may not do this. `what` names the kind of thing in `not_found`, which
 * is thrown if the caller may not know that the thing exists.
 */
export function authorize(caller: Caller, action: Action, rules: Rules, what: string): void {
  const decision = decide(caller.actor, action, rules);
  if (decision.allowed) return;
  if (decision.because === 'hidden') throw notFound(what);
  throw new Problem(
    decision.because === 'anonymous' ? 'unauthenticated' : 'forbidden',
    decision.reason,
  );
}

/** The name under which the registry's own work takes turns at the analysis workers (analysis.ts). */
export const REGISTRY_ACCOUNT = 'registry';

/**
 * The name under which a caller takes turns at the analysis workers. All tokens and sessions of an account share one
 * name. Anonymous callers share one name for each network address.
 */
export function accountOf({ actor, address }: Caller): string {
  if (actor === OPERATOR.actor) return REGISTRY_ACCOUNT;
  return actor.kind === 'nobody' ? `nobody ${address}` : `${actor.kind} ${actor.id}`;
}

/** The caller in the form that the record of a version uses. Null for the registry itself. */
export function personOf({ actor }: Caller): PersonRef | null {
  if (actor.kind !== 'user' || actor === OPERATOR.actor) return null;
  return { id: actor.id, username: actor.username, name: actor.name, email: actor.email };
}

/** The author of commits that the caller makes. */
export function authorOf(caller: Caller): { name: string; email: string } {
  const actor = requirePerson(caller);
  return { name: actor.name || actor.username, email: actor.email };
}

/** The account of the caller. Throws `unauthenticated` for anonymous callers, `forbidden` for a computer. */
export function requirePerson({ actor }: Caller): Extract<Actor, { kind: 'user' }> {
  if (actor.kind === 'user') return actor;
  if (actor.kind === 'nobody') throw new Problem('unauthenticated', 'Sign in first.');
  throw new Problem('forbidden', "A computer may not do this. Use a person's token.");
}

/** The actor as the audit trail names it. */
export interface By {
  actor_id: number | null;
  actor: string;
  address: string | null;
  token_name: string | null;
}

/** The fields of an audit entry that describe the caller. */
export function auditFieldsOf({ actor, address, tokenName }: Caller): By {
  const operator = actor === OPERATOR.actor;
  return {
    actor_id: actor.kind !== 'user' || operator ? null : actor.id,
    actor: nameOf(actor),
    address,
    token_name: tokenName,
  };
}

/**
 * A computer is named `computer:<name>`. Usernames cannot contain a colon, so nobody mistakes a computer for a person.
 */
function nameOf(actor: Actor): string {
  if (actor.kind === 'user') return actor.username;
  return actor.kind === 'computer' ? `computer:${actor.name}` : 'nobody';
}
