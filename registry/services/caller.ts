/** The caller of a request and where it comes from: the basis of rights and audit entries. */
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
 * The identity under which the registry writes: the tagger of versions, and the principal of their
 * signatures.
 */
export const REGISTRY = { name: 'Definition Registry', email: 'registry@localhost' };

/**
 * The registry itself: the operator of the command line, and the import of built-in definitions. It may do
 * everything.
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
 * Throws the problem that explains why the caller may not; `what` is the name of the thing if it must not
 * exist for them.
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

/** The account name for work that the registry does by itself (analysis.ts). */
export const REGISTRY_ACCOUNT = 'registry';

/**
 * The key for taking turns: the tokens and sessions of an account share one, anonymous callers share one per
 * address.
 */
export function accountOf({ actor, address }: Caller): string {
  if (actor === OPERATOR.actor) return REGISTRY_ACCOUNT;
  return actor.kind === 'nobody' ? `nobody ${address}` : `${actor.kind} ${actor.id}`;
}

/** The caller as named in a version's record; null for the registry itself. */
export function personOf({ actor }: Caller): PersonRef | null {
  if (actor.kind !== 'user' || actor === OPERATOR.actor) return null;
  return { id: actor.id, username: actor.username, name: actor.name, email: actor.email };
}

/** The git author of what the caller writes. */
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

/** The fields of the caller in every audit entry. */
export function auditFieldsOf({ actor, address, tokenName }: Caller): By {
  const operator = actor === OPERATOR.actor;
  return {
    actor_id: actor.kind !== 'user' || operator ? null : actor.id,
    actor: nameOf(actor),
    address,
    token_name: tokenName,
  };
}

/** No username contains a colon, so a computer is never mistaken for a person. */
function nameOf(actor: Actor): string {
  if (actor.kind === 'user') return actor.username;
  return actor.kind === 'computer' ? `computer:${actor.name}` : 'nobody';
}
