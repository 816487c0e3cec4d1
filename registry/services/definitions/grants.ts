/** Permissions that are granted with a save: by admins of the lab, where it lands at once. */

import type { Files, ImportPolicy } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import type { Lab } from '../../store/entities/index.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { accountOf, authorize, type Caller } from '../caller.ts';
import type { SaveDeps } from '../deps.ts';
import { importPolicyOf, withGrants } from '../lab-policy.ts';

/** Throws `forbidden` for who is no admin of the lab, `invalid` where the save is only proposed. */
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
  const message = 'are given with the approval: this save is only proposed';
  throw new Problem('invalid', `grants ${message}`, [{ path: 'grants', message }]);
}

/** What a save is held to. One that is proposed may ask: its review shows what for, and decides. */
export async function policyFor(
  { analysis }: AnalysisDeps,
  caller: Caller,
  save: {
    policy: ImportPolicy;
    lab: Lab | null;
    files: Files;
    grants: readonly string[] | undefined;
    lands: boolean;
    name: string;
  },
): Promise<ImportPolicy> {
  const { policy, lab, files, grants, lands, name } = save;
  if (grants !== undefined) return withGrants(importPolicyOf(lab), grants);
  if (lands) return policy;
  return withGrants(policy, await analysis.ask(accountOf(caller), 'permissionsAsked', name, files));
}
