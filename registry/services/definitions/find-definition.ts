/** From an id or a name to a definition that the caller may see, with what decides about it. */
import { type DefinitionFacts, type Rules, viewerOf } from '../../access/decide.ts';
import { DEFAULT_BANNED } from '../../definitions/policy.ts';
import type { ImportPolicy } from '../../definitions/types.ts';
import { notFound } from '../../errors.ts';
import { type DefinitionSummary, findDefinition } from '../../store/definitions.ts';
import type { Definition, Lab } from '../../store/entities/index.ts';
import { findLab } from '../../store/labs.ts';
import type { Store } from '../../store/open.ts';
import type { Caller } from '../caller.ts';

export interface FoundDefinition {
  row: Definition;
  lab: Lab | null;
  facts: DefinitionFacts;
  policy: ImportPolicy;
}

/** Throws `not_found` for what does not exist and for what this caller may not see: the two are one. */
export async function find(
  { store, rules }: { store: Store; rules: Rules },
  caller: Caller,
  key: number | string,
): Promise<FoundDefinition> {
  const em = store.em();
  const row = await findDefinition(em, key, viewerOf(caller.actor, rules));
  if (!row) throw notFound('definition');
  const lab = row.lab_id === null ? null : await findLab(em, row.lab_id);
  return { row, lab, facts: factsOf(row, lab), policy: policyOf(lab) };
}

export function factsOf(row: DefinitionSummary, lab: Lab | null): DefinitionFacts {
  return {
    labId: row.lab_id,
    isPublic: row.is_public,
    isBuiltin: row.is_builtin,
    isApproved: row.version !== null,
    isArchived: row.archived_at !== null,
    directLanding: lab?.direct_landing ?? 'admins',
  };
}

/** What the lab's policy says about imports; the product's own list where it says nothing. */
export function policyOf(lab: Lab | null): ImportPolicy {
  return {
    banned: lab?.banned_imports ?? [...DEFAULT_BANNED],
    allowed: lab?.allowed_imports ?? [],
  };
}
