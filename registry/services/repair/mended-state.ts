/** The audit entry for a state of the index that a repair or a reindex brings up to date. */
import { everything, findDefinition } from '../../store/definitions.ts';
import type { EntityManager } from '../../store/types.ts';
import { verdictsOf } from '../../store/versions.ts';
import { auditRepairedState, type KnownState } from '../audit/entries.ts';
import type { Indexed } from '../landing/index-repository.ts';

/** Compares the index of a definition before and after; `first` is an option of `indexRepository`. */
export function mendedState() {
  let known: KnownState | undefined;
  return {
    async first(em: EntityManager, id: number): Promise<void> {
      // A fork, because writing the index changes the entities of `em`.
      const reading = em.fork({ keepTransactionContext: true });
      const row = await findDefinition(reading, id, everything);
      known = row ? { ...row, ...(await verdictsOf(reading, id)) } : undefined;
    },
    /** Returns whether the state had changed. */
    audit: async (em: EntityManager, indexed: Indexed): Promise<boolean> =>
      known !== undefined && (await auditRepairedState(em, indexed, known)),
  };
}
