/** Break glass: a lab admin lands at once where the landing policy forbids it, and it is kept for ever. */
import type { DefinitionFacts, Rules } from '../../access/decide.ts';
import { decide } from '../../access/decide.ts';
import type { Override } from '../../definitions/record.ts';
import { authorize, type Caller } from '../caller.ts';

/** How a save of this caller goes: at once (with what was set aside), or as a merge request. */
export type LandingDecision = { lands: true; overrides: Override[] } | { lands: false };

/** Throws `forbidden` where `override` is given by somebody who is no admin of the lab. */
export function decideLanding(
  caller: Caller,
  facts: DefinitionFacts,
  rules: Rules,
  reason: string | undefined,
): LandingDecision {
  const decision = decide(caller.actor, { on: 'definition', do: 'land', of: facts }, rules);
  if (decision.allowed) return { lands: true, overrides: [] };
  if (reason === undefined) return { lands: false };
  authorize(caller, { on: 'definition', do: 'manage', of: facts }, rules, 'definition');
  return { lands: true, overrides: [overrideFor(reason, [decision.reason])] };
}

/** What the version's record keeps of it; the audit trail is told from there. */
export function overrideFor(given: string, set_aside: string[]): Override {
  const reason = given.trim();
  const message = `${reason} (set aside: ${set_aside.join(' ')})`;
  return { code: 'policy', message, broken: { reason, set_aside } };
}
