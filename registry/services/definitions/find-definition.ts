/** Loads a definition that the caller may see, by id or name, together with the facts for decisions about rights. */

import { type DefinitionFacts, type Rules, viewerOf } from '../../access/decide.ts';
import type { ImportPolicy } from '../../definitions/types.ts';
import { notFound } from '../../errors.ts';
import { batchLookups } from '../../store/batch-lookups.ts';
import {
  type DefinitionSummary,
  everything,
  findDefinition,
  findSummary,
  type Viewer,
} from '../../store/definitions.ts';
import type { Definition, Lab } from '../../store/entities/index.ts';
import { findLab } from '../../store/labs.ts';
import type { Store } from '../../store/open.ts';
import type { EntityManager } from '../../store/types.ts';
import type { Caller } from '../caller.ts';
import { importPolicyOf, withGrants } from '../lab-policy.ts';

export interface LoadedDefinition {
  row: Definition;
  lab: Lab | null;
  facts: DefinitionFacts;
  policy: ImportPolicy;
}

/** Throws `not_found` if the definition does not exist or if the caller may not see it. */
export async function loadDefinition(
  { store, rules }: { store: Store; rules: Rules },
  caller: Caller,
  key: number | string,
): Promise<LoadedDefinition> {
  const found = await lookUp(store.em(), key, viewerOf(caller.actor, rules));
  if (!found) throw notFound('definition');
  return found;
}

/** Loads a definition for reading. One query suffices, because the source and the lab's policy are not loaded. */
export async function loadForReading(
  { store, rules }: { store: Store; rules: Rules },
  caller: Caller,
  key: number | string,
): Promise<DefinitionSummary> {
  const row = await findSummary(store.em(), key, viewerOf(caller.actor, rules));
  if (!row) throw notFound('definition');
  return row;
}

/** The facts that decide who may see a definition. */
export interface DefinitionAccess {
  id: number;
  name: string;
  facts: DefinitionFacts;
}

/**
 * Finds a definition by its exact name without a check of rights: the calling code must check who may see it. Concurrent
 * requests for the same name share a query. Use the result for reading only, never before a change.
 */
export async function readDefinitionAccess(
  store: Store,
  name: string,
): Promise<DefinitionAccess | undefined> {
  const found = await lookUpInBatch(store, name);
  return found?.row.name === name ? { id: found.row.id, name, facts: found.facts } : undefined;
}

const lookUpInBatch = batchLookups(async (store, names: readonly string[]) => {
  const found = names.map(async (name) => {
    const loaded = await lookUp(store.em(), name, everything);
    return loaded ? ([[name, loaded]] as const) : [];
  });
  return new Map((await Promise.all(found)).flat());
});

async function lookUp(
  em: EntityManager,
  key: number | string,
  viewer: Viewer,
): Promise<LoadedDefinition | undefined> {
  const row = await findDefinition(em, key, viewer);
  if (!row) return undefined;
  const lab = row.lab_id === null ? null : await findLab(em, row.lab_id);
  return {
    row,
    lab,
    facts: factsOf(row, lab),
    policy: withGrants(importPolicyOf(lab), row.permissions),
  };
}

export function factsOf(
  row: Pick<DefinitionSummary, 'lab_id' | 'is_public' | 'is_builtin' | 'version' | 'archived_at'>,
  lab: Lab | null,
): DefinitionFacts {
  return {
    labId: row.lab_id,
    isPublic: row.is_public,
    isBuiltin: row.is_builtin,
    isApproved: row.version !== null,
    isArchived: row.archived_at !== null,
    directLanding: lab?.direct_landing ?? 'admins',
  };
}
