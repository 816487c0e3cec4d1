/** Determines the lab of a new instrument or computer. */
import { decide, type Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import { findLab } from '../../store/labs.ts';
import type { EntityManager } from '../../store/types.ts';
import { type Caller, requirePerson } from '../caller.ts';

/** The lab in the request or, without one, the only lab in which the caller is an admin. Throws `invalid`. */
export function labOf(caller: Caller, rules: Rules, wanted: number | undefined): number {
  if (wanted !== undefined) return wanted;
  const { roles } = requirePerson(caller);
  const managed = [...roles.keys()].filter(
    (labId) => decide(caller.actor, { on: 'instrument', do: 'manage', labId }, rules).allowed,
  );
  const [only] = managed;
  if (managed.length === 1 && only !== undefined) return only;
  throw new Problem('invalid', 'Specify the lab with lab_id.', [
    {
      path: 'lab_id',
      message: `is required: one of ${managed.join(', ') || 'the existing labs'}`,
    },
  ]);
}

/** Throws `invalid` if the lab does not exist. */
export async function requireLab(em: EntityManager, id: number): Promise<void> {
  if (await findLab(em, id)) return;
  throw new Problem('invalid', 'There is no such lab.', [
    { path: 'lab_id', message: 'there is no such lab' },
  ]);
}
