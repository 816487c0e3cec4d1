/** Which version of its definition an instrument gets. */
import type { Viewer } from '../../store/definitions.ts';
import { type DefinitionSummary, definitionsById } from '../../store/definitions.ts';
import type { Instrument, Version } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import { newestStanding, versionsAt } from '../../store/versions.ts';

type Linked = Pick<Instrument, 'name' | 'definition_id' | 'pinned_version'>;

export interface Effective {
  definition: DefinitionSummary;
  version: Version;
  /** Whether that is where the instrument is pinned. */
  pinned: boolean;
}

/** What an instrument gets, or null with the reason in words; both where a pin does not hold. */
export interface Choice {
  gets: Effective | null;
  warning: string | null;
}

/**
 * At its pin, else the newest version that is not revoked. A pin to a revoked version falls back to that one, and says
 * so. What the viewer may not see, or is archived, is nothing that an instrument gets. Three queries, however many.
 */
export async function chooseVersions<T extends Linked>(
  em: EntityManager,
  viewer: Viewer,
  instruments: readonly T[],
): Promise<Map<T, Choice>> {
  const ids = instruments.flatMap(({ definition_id }) => definition_id ?? []);
  const definitions = await definitionsById(em, ids, viewer);
  const newest = await newestStanding(em, [...definitions.keys()]);
  const pins = await versionsAt(
    em,
    instruments.flatMap(({ definition_id, pinned_version: version }) =>
      definition_id !== null && version !== null ? [{ definition_id, version }] : [],
    ),
  );
  return new Map(
    instruments.map((instrument) => {
      const { definition_id, pinned_version } = instrument;
      if (definition_id === null) return [instrument, { gets: null, warning: null }];
      const pin = pins.find(
        (v) => v.definition_id === definition_id && v.version === pinned_version,
      );
      return [
        instrument,
        choose(instrument, definitions.get(definition_id), newest.get(definition_id), pin),
      ];
    }),
  );
}

/** Pure: `newest` is the newest version that stands, `pin` the one that the instrument is to stay at. */
export function choose(
  { name, pinned_version }: Linked,
  definition: DefinitionSummary | undefined,
  newest: Version | undefined,
  pin: Version | undefined,
): Choice {
  if (!definition) {
    return { gets: null, warning: `The definition of ${name} is not open to its lab any more.` };
  }
  if (definition.archived_at) {
    return { gets: null, warning: `${definition.name}, the definition of ${name}, is archived.` };
  }
  if (pin && !pin.revoked)
    return { gets: { definition, version: pin, pinned: true }, warning: null };
  const gets = newest ? { definition, version: newest, pinned: false } : null;
  if (pinned_version === null) {
    const warning = gets ? null : `${definition.name} has no version that stands.`;
    return { gets, warning };
  }
  const why = pin?.revoked ? `was revoked (${String(pin.revoked.reason)})` : 'does not exist';
  const instead = newest ? `version ${newest.version} is offered instead` : 'none stands';
  return {
    gets,
    warning: `${name} is pinned to version ${pinned_version} of ${definition.name}, which ${why}: ${instead}.`,
  };
}
