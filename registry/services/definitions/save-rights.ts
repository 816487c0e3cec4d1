/** Decides what the caller of a save may do: land directly, override the policy, grant permissions. */
import type { DefinitionFacts, Rules } from '../../access/decide.ts';
import { decide } from '../../access/decide.ts';
import { type Override, overrideFor } from '../../definitions/record.ts';
import { Problem } from '../../errors.ts';
import { authorize, type Caller } from '../caller.ts';
import type { SaveDeps } from '../deps.ts';

/** Whether a save lands directly, with these overrides, or becomes a merge request. */
export type LandingDecision = { lands: true; overrides: Override[] } | { lands: false };

/**
 * `reason` is the request's `override`. Throws `forbidden` if somebody other than an admin of the lab sends an
 * override.
 */
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

/**
 * Checks `grants` in a save. Throws `forbidden` if the caller is not an admin of the lab, and `invalid` if the save
 * becomes a merge request.
 */
export function requireGrantRights(
  { rules }: SaveDeps,
  caller: Caller,
  labId: number | null,
  lands: boolean,
  grants: readonly string[] | undefined,
): void {
  if (grants === undefined) return;
  authorize(caller, { on: 'lab', do: 'manage', labId }, rules, 'lab');
  if (lands) return;
  const message =
    'cannot be sent with a proposal, because an admin grants permissions with the approval';
  throw new Problem('invalid', `grants ${message}`, [{ path: 'grants', message }]);
}
