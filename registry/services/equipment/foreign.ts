/**
 * Public definitions of other labs. Their newest version has passed their lab's review, not that of the lab whose
 * computers run it: the lab's policy `public_definitions` says what those get.
 */
import type { DefinitionSummary } from '../../store/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';

/** A lab, as far as it decides what its computers get. */
export type Taking = Pick<Lab, 'id' | 'public_definitions'>;

/** Whether another lab lands its versions. Built-in definitions come with the registry, and are nobody's. */
export const isForeign = (
  { lab_id, is_builtin }: Pick<DefinitionSummary, 'lab_id' | 'is_builtin'>,
  labId: number,
): boolean => !is_builtin && lab_id !== null && lab_id !== labId;
