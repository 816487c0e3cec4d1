/** Determines which version of its definition an instrument gets (the effective version). */
import { type DefinitionSummary, definitionsById, type Viewer } from '../../store/definitions.ts';
import type { Instrument, Version } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import { newestStanding, versionsAt } from '../../store/versions.ts';
import { isForeign, type Taking } from './foreign.ts';

type Linked = Pick<Instrument, 'name' | 'definition_id' | 'pinned_version'>;

export interface Effective {
  definition: DefinitionSummary;
  version: Version;
  /** Whether the instrument is pinned to this version. */
  pinned: boolean;
}

/** The effective version of an instrument, and a warning as text. Either can be null. */
export interface Choice {
  gets: Effective | null;
  warning: string | null;
}

/**
 * Chooses a version for each instrument from the definitions that the viewer may see. The choice always takes three
 * queries.
 */
export async function chooseVersions<T extends Linked>(
  em: EntityManager,
  viewer: Viewer,
  lab: Taking,
  instruments: readonly T[],
): Promise<Map<T, Choice>> {
  const ids = instruments.flatMap(({ definition_id }) => definition_id ?? []);
  const definitions = await definitionsById(em, ids, viewer);
  const newest = await newestStanding(em, [...definitions.keys()]);
  const pins = await versionsAt(em, pinsOf(instruments));
  return new Map(
    instruments.map((instrument) => [
      instrument,
      choose(instrument, lab, definitions, newest, pins),
    ]),
  );
}

/** The versions to which the instruments are pinned. */
export const pinsOf = (instruments: readonly Linked[]) =>
  instruments.flatMap(({ definition_id, pinned_version: version }) =>
    definition_id !== null && version !== null ? [{ definition_id, version }] : [],
  );

/**
 * Chooses the pinned version or, without a pin, the newest version that is not revoked. If the pinned version is
 * revoked, the choice is the newest version that is not revoked, with a warning. There is no version if the definition
 * is missing or archived. Pure.
 */
export function choose(
  { name, definition_id, pinned_version }: Linked,
  lab: Taking,
  definitions: ReadonlyMap<number, DefinitionSummary>,
  newest: ReadonlyMap<number, Version>,
  pins: readonly Version[],
): Choice {
  if (definition_id === null) return { gets: null, warning: null };
  const definition = definitions.get(definition_id);
  if (!definition) {
    return {
      gets: null,
      warning: `The lab of ${name} can no longer use the definition of this instrument.`,
    };
  }
  if (definition.archived_at) {
    return { gets: null, warning: `${definition.name}, the definition of ${name}, is archived.` };
  }
  const foreign = isForeign(definition, lab.id);
  if (foreign && lab.public_definitions === 'none') {
    const warning = `${definition.name}, the definition of ${name}, belongs to another lab. The policy of this lab does not accept definitions of other labs.`;
    return { gets: null, warning };
  }
  const pin = pins.find((v) => v.definition_id === definition_id && v.version === pinned_version);
  const version = newest.get(definition_id);
  const pinning = foreign && lab.public_definitions === 'pin';
  if (pin && !pin.revoked) {
    const isBehind = pinning && version !== undefined && version.version > pin.version;
    const warning = isBehind
      ? `${name} stays at version ${pin.version} of ${definition.name}, which belongs to another lab. Version ${version.version} is available. Look at what has changed, then accept it with pinned_version.`
      : null;
    return { gets: { definition, version: pin, pinned: true }, warning };
  }
  if (pinning && pinned_version === null) {
    const warning = `${definition.name}, the definition of ${name}, now belongs to another lab. Set pinned_version to accept a version of ${definition.name}.`;
    return { gets: null, warning };
  }
  const gets = version ? { definition, version, pinned: false } : null;
  if (pinned_version === null) {
    return {
      gets,
      warning: gets
        ? null
        : `${definition.name} has no usable version. Revoked versions do not count.`,
    };
  }
  const why = pin?.revoked ? `was revoked (${String(pin.revoked.reason)})` : 'does not exist';
  const instead = version
    ? `Version ${version.version} is used instead`
    : 'There is no other version';
  return {
    gets,
    warning: `${name} is pinned to version ${pinned_version} of ${definition.name}, which ${why}. ${instead}.`,
  };
}
