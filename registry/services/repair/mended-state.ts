/** Writes an audit entry if a repair or a reindex finds that the definition's state in the index is out of date. */
import { RecordError } from '../../definitions/record.ts';
import { everything, findDefinition } from '../../store/definitions.ts';
import type { EntityManager } from '../../store/types.ts';
import { verdictsOf } from '../../store/versions.ts';
import { auditRepairedState, type KnownState } from '../audit/entries.ts';
import type { Indexed } from '../landing/index-repository.ts';

/** Reads what is known of a definition with this id before the update. */
type Known = (em: EntityManager, id: number) => Promise<KnownState>;

/**
 * Compares the state of a definition with what was known of it before an update: by default, what the index had. Pass
 * `first` to `indexRepository` as an option. `first` throws `RecordError` if another definition in the database has the id
 * that this repository names, because the update would replace the row of that definition.
 */
export function mendedState(name: string, knownOf?: Known) {
  let known: KnownState | undefined;
  return {
    async first(em: EntityManager, id: number): Promise<void> {
      // The fork keeps the old values, because the update of the index changes the entities of `em`.
      const reading = em.fork({ keepTransactionContext: true });
      const row = await findDefinition(reading, id, everything);
      if (row && row.name !== name) throw new RecordError(sharedId(name, id, row.name));
      if (row === null) return;
      known = knownOf ? await knownOf(reading, id) : { ...row, ...(await verdictsOf(reading, id)) };
    },
    /** Writes the audit entry. Returns whether the state had changed. */
    audit: async (em: EntityManager, indexed: Indexed): Promise<boolean> =>
      known !== undefined && (await auditRepairedState(em, indexed, known)),
  };
}

const sharedId = (name: string, id: number, other: string): string =>
  `its id ${id} is also the id of ${other}, which the database has: the database was set back, and ${other} was created before a reindex. ${name} needs another id: clone ${name}.git to a safe place, take it out of the folder of repositories, and create ${name} again from the clone (registry import)`;
