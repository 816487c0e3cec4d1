/** Break glass: a lab admin lands at once where the landing policy forbids it, and it is kept for ever. */
import type { DefinitionFacts, Rules } from '../../access/decide.ts';
import { decide } from '../../access/decide.ts';
import type { Override } from '../../definitions/record.ts';
import { appendAudit } from '../../store/audit.ts';
import { auditOf, type Caller, demand } from '../caller.ts';
import type { Step } from './steps.ts';

/** How a save of this caller goes: at once (with what was set aside), or as a merge request. */
export type Way = { lands: true; overrides: Override[]; steps: Step[] } | { lands: false };

/** Throws `forbidden` where `override` is given by somebody who is no admin of the lab. */
export function wayOf(
  caller: Caller,
  facts: DefinitionFacts,
  rules: Rules,
  definition: { id: number; name: string; lab_id: number | null },
  reason: string | undefined,
): Way {
  const decision = decide(caller.actor, { on: 'definition', do: 'land', of: facts }, rules);
  if (decision.allowed) return { lands: true, overrides: [], steps: [] };
  if (reason === undefined) return { lands: false };
  demand(caller, { on: 'definition', do: 'manage', of: facts }, rules, 'definition');
  const broken = breakGlass(caller, definition, reason, [decision.reason]);
  return { lands: true, ...broken };
}

/** What the version's record and the audit trail keep of it. */
export function breakGlass(
  caller: Caller,
  definition: { id: number; name: string; lab_id: number | null },
  reason: string,
  setAside: string[],
): { overrides: Override[]; steps: Step[] } {
  const step: Step = {
    mergeRequest: 0,
    updates: [],
    async finish(em) {
      await appendAudit(em, {
        ...auditOf(caller),
        action: 'definition.overridden',
        subject_type: 'definition',
        subject_id: definition.id,
        subject: definition.name,
        lab_id: definition.lab_id,
        before: null,
        after: { reason, set_aside: setAside },
      });
    },
  };
  const message = `${reason.trim()} (set aside: ${setAside.join(' ')})`;
  return { overrides: [{ code: 'policy', message }], steps: [step] };
}
