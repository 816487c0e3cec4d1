/** Writes an audit entry if a repair or a reindex finds that the definition's state in the index is out of date. */
import { everything, findDefinition } from '../../store/definitions.ts';
import type { EntityManager } from '../../store/types.ts';
import { verdictsOf } from '../../store/versions.ts';
import { auditRepairedState, type KnownState } from '../audit/entries.ts';
import type { Indexed } from '../landing/index-repository.ts';

/** Compares the state in the index before and after an update. Pass `first` to `indexRepository` as an option. */
export function mendedState() {
  let known: KnownState | undefined;
  return {
    async first(em: EntityManager, id: number): Promise<void> {
      // The fork keeps the old values, because the update of the index changes the entities of `em`.
      const reading = em.fork({ keepTransactionContext: true });
      const row = await findDefinition(reading, id, everything);
      known = row ? { ...row, ...(await verdictsOf(reading, id)) } : undefined;
    },
    /** Writes the audit entry. Returns whether the state had changed. */
    audit: async (em: EntityManager, indexed: Indexed): Promise<boolean> =>
      known !== undefined && (await auditRepairedState(em, indexed, known)),
  };
}
