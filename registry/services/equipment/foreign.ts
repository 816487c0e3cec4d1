/**
 * Public definitions of other labs. Their newest version was reviewed by the other lab, not by the lab whose
 * computers run it; the lab's policy `public_definitions` decides what its computers get.
 */
import type { DefinitionSummary } from '../../store/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';

/** The part of a lab that decides what its computers get. */
export type Taking = Pick<Lab, 'id' | 'public_definitions'>;

/**
 * Whether another lab lands its versions. Built-in definitions come with the registry and belong to no lab.
 */
export const isForeign = (
  { lab_id, is_builtin }: Pick<DefinitionSummary, 'lab_id' | 'is_builtin'>,
  labId: number,
): boolean => !is_builtin && lab_id !== null && lab_id !== labId;
