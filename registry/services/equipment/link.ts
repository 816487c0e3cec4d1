/** Links an instrument to a definition, and pins it to a version. */
import { viewerOf } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import { type DefinitionSummary, definitionsById } from '../../store/definitions.ts';
import type { Instrument } from '../../store/entities/index.ts';
import { lockDefinition } from '../../store/indexing.ts';
import { findLab } from '../../store/labs.ts';
import type { EntityManager } from '../../store/types.ts';
import { findVersion, newestStanding } from '../../store/versions.ts';
import type { Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { isForeign } from './foreign.ts';

interface Wanted {
  lab_id: number;
  definition_id?: number | null | undefined;
  pinned_version?: number | null | undefined;
  pybirch_class?: string | null | undefined;
  instrument_type?: string | null | undefined;
}

type Linked = Pick<Instrument, 'definition_id' | 'pinned_version'> &
  Partial<Pick<Instrument, 'pybirch_class' | 'instrument_type'>>;

/**
 * Returns the columns to write. The definition must belong to the lab or be public or built-in, and must not be
 * archived. A change of definition removes the pin if the request contains no new one. By default, class and type come
 * from the definition. Throws `invalid`, and `conflict` for a pin to a revoked version.
 */
export async function linkOf(
  { rules }: PeopleDeps,
  em: EntityManager,
  { actor }: Caller,
  before: Instrument | null,
  wanted: Wanted,
): Promise<Linked> {
  const definitionId =
    wanted.definition_id === undefined ? (before?.definition_id ?? null) : wanted.definition_id;
  const same = before !== null && definitionId === before.definition_id;
  const kept = same ? before.pinned_version : null;
  const pin = wanted.pinned_version === undefined ? kept : wanted.pinned_version;
  if (definitionId === null) {
    if (pin !== null) throw invalid('pinned_version', 'needs a definition');
    return { definition_id: null, pinned_version: null };
  }
  const moved = before !== null && before.lab_id !== wanted.lab_id;
  if (same && !moved && pin === before.pinned_version) {
    return { definition_id: definitionId, pinned_version: pin };
  }
  // Archiving takes the same lock, so the definition cannot be archived before the link is written.
  await lockDefinition(em, definitionId);
  const found = await definitionsById(em, [definitionId], viewerOf(actor, rules));
  const definition = found.get(definitionId);
  requireOffered(definition, wanted.lab_id);
  if (pin !== null && pin !== kept) await requireStanding(em, definition, pin);
  return {
    definition_id: definitionId,
    pinned_version: pin ?? (await pinnedVersion(em, definition, wanted.lab_id)),
    ...(!same && wanted.pybirch_class === undefined && { pybirch_class: definition.name }),
    ...(!before &&
      wanted.instrument_type === undefined && { instrument_type: definition.instrument_type }),
  };
}

function requireOffered(
  definition: DefinitionSummary | undefined,
  labId: number,
): asserts definition is DefinitionSummary {
  if (!definition) throw invalid('definition_id', 'there is no such definition');
  const { name, lab_id, is_public, is_builtin, archived_at } = definition;
  if (archived_at) throw invalid('definition_id', `${name} is archived`);
  if (lab_id !== labId && !is_public && !is_builtin) {
    throw invalid('definition_id', `${name} belongs to another lab and is not public`);
  }
}

/**
 * The version to which an instrument is pinned if the request contains no pin. If the lab pins definitions of other
 * labs, it is the newest version that is not revoked, because the admin of the lab sees this version now. Otherwise
 * null. Throws `invalid` if the lab's policy accepts no definitions of other labs.
 */
async function pinnedVersion(
  em: EntityManager,
  definition: DefinitionSummary,
  labId: number,
): Promise<number | null> {
  if (!isForeign(definition, labId)) return null;
  const lab = await findLab(em, labId);
  if (lab?.public_definitions === 'none') {
    throw invalid(
      'definition_id',
      `${definition.name} belongs to another lab, and the policy of this lab does not accept definitions of other labs (public_definitions)`,
    );
  }
  if (lab?.public_definitions !== 'pin') return null;
  return (await newestStanding(em, [definition.id])).get(definition.id)?.version ?? null;
}

async function requireStanding(em: EntityManager, { id, name }: DefinitionSummary, pin: number) {
  const version = await findVersion(em, id, pin);
  if (!version) throw invalid('pinned_version', `${name} has no version ${pin}`);
  if (version.revoked) {
    throw new Problem(
      'conflict',
      `Version ${pin} of ${name} was revoked: ${String(version.revoked.reason)}. Choose another version.`,
    );
  }
}

const invalid = (path: string, message: string): Problem =>
  new Problem('invalid', `${path}: ${message}`, [{ path, message }]);
