/** Who asks, and from where: what rights are decided on and what the audit trail keeps. */
import { type Action, type Actor, decide, type Rules } from '../access/decide.ts';
import type { PersonRef } from '../definitions/record.ts';
import { notFound, Problem } from '../errors.ts';

export interface Caller {
  actor: Actor;
  /** Network address, or null for the command line. */
  address: string | null;
  /** Name of the token that was used, if one was. */
  tokenName: string | null;
}

/** How the product signs what it writes: the tagger of versions, and the name that their signatures are verified for. */
export const REGISTRY = { name: 'Definition Registry', email: 'registry@localhost' };

/** The product itself: the command line's operator, the built-in import. It may do everything. */
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

/** Throws the problem that tells the caller why not; `what` names the thing when it must not exist for them. */
export function authorize(caller: Caller, action: Action, rules: Rules, what: string): void {
  const decision = decide(caller.actor, action, rules);
  if (decision.allowed) return;
  if (decision.because === 'hidden') throw notFound(what);
  throw new Problem(
    decision.because === 'anonymous' ? 'unauthenticated' : 'forbidden',
    decision.reason,
  );
}

/** What the product does of its own accord is worked on under this name (analysis.ts). */
export const REGISTRY_ACCOUNT = 'registry';

/** Whose turn it is when accounts take turns: an account's tokens and sessions are one, nobody goes by address. */
export function accountOf({ actor, address }: Caller): string {
  if (actor === OPERATOR.actor) return REGISTRY_ACCOUNT;
  return actor.kind === 'nobody' ? `nobody ${address}` : `${actor.kind} ${actor.id}`;
}

/** The caller as a version's record names people; null for the product itself. */
export function personOf({ actor }: Caller): PersonRef | null {
  if (actor.kind !== 'user' || actor === OPERATOR.actor) return null;
  return { id: actor.id, username: actor.username, name: actor.name, email: actor.email };
}

/** Author of what the caller writes, as git records it. */
export function authorOf(caller: Caller): { name: string; email: string } {
  const actor = requirePerson(caller);
  return { name: actor.name || actor.username, email: actor.email };
}

/** The account that asks. Throws `unauthenticated` for nobody, `forbidden` for a computer. */
export function requirePerson({ actor }: Caller): Extract<Actor, { kind: 'user' }> {
  if (actor.kind === 'user') return actor;
  if (actor.kind === 'nobody') throw new Problem('unauthenticated', 'Sign in first.');
  throw new Problem('forbidden', "A computer may not do this. Use a person's token.");
}

/** Who did something, as the audit trail says it. */
export interface By {
  actor_id: number | null;
  actor: string;
  address: string | null;
  token_name: string | null;
}

/** What every audit entry of this caller begins with. */
export function auditFieldsOf({ actor, address, tokenName }: Caller): By {
  const operator = actor === OPERATOR.actor;
  return {
    actor_id: actor.kind !== 'user' || operator ? null : actor.id,
    actor: nameOf(actor),
    address,
    token_name: tokenName,
  };
}

/** No username has a colon, so a computer is never taken for a person. */
function nameOf(actor: Actor): string {
  if (actor.kind === 'user') return actor.username;
  return actor.kind === 'computer' ? `computer:${actor.name}` : 'nobody';
}
