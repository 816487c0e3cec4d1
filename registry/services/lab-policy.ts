/** The rules of a lab for definitions and landings. The default rules apply to a definition without a lab. */
import type { ReviewPolicy } from '../access/review/facts.ts';
import { DEFAULT_BANNED } from '../definitions/banned.ts';
import type { LandedUnder } from '../definitions/record.ts';
import type { ImportPolicy } from '../definitions/types.ts';
import type { Lab } from '../store/entities/index.ts';

/** The imports that the lab bans and allows. A lab without a list of its own uses the default list. */
export function importPolicyOf(lab: Lab | null): ImportPolicy {
  return {
    banned: lab?.banned_imports ?? [...DEFAULT_BANNED],
    allowed: lab?.allowed_imports ?? [],
  };
}

/** The import policy with the permissions that were granted to one definition. */
export function withGrants(
  { banned, allowed }: ImportPolicy,
  grants: readonly string[],
): ImportPolicy {
  return { banned, allowed: [...allowed, ...grants] };
}

/** The parts of the policy that the record of a version refers to. */
export function landingPolicyOf(lab: Lab | null): Omit<LandedUnder, 'lab'> {
  const { banned, allowed } = importPolicyOf(lab);
  return {
    direct_landing: lab?.direct_landing ?? 'admins',
    required_approvals: lab?.required_approvals ?? 1,
    allow_self_approval: lab?.allow_self_approval ?? false,
    required_checks: lab?.required_checks ?? {},
    owners: lab?.owners ?? [],
    banned_imports: banned,
    allowed_imports: allowed,
  };
}

/** The rules that decide whether a merge request can land. */
export function reviewPolicyOf(lab: Lab | null): ReviewPolicy {
  const policy = landingPolicyOf(lab);
  return {
    requiredApprovals: policy.required_approvals,
    allowSelfApproval: policy.allow_self_approval,
    requiredChecks: policy.required_checks,
    owners: policy.owners,
  };
}
