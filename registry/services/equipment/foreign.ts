/**
 * Recognizes public definitions of other labs. The lab whose computers run such a definition has not reviewed its
 * versions. So its policy `public_definitions` decides which versions its computers get.
 */
import type { DefinitionSummary } from '../../store/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';

/** The fields of a lab that decide which versions of other labs' definitions its computers get. */
export type Taking = Pick<Lab, 'id' | 'public_definitions'>;

/**
 * Whether a definition belongs to another lab. Built-in definitions come with the registry and belong to no lab.
 */
export const isForeign = (
  { lab_id, is_builtin }: Pick<DefinitionSummary, 'lab_id' | 'is_builtin'>,
  labId: number,
): boolean => !is_builtin && lab_id !== null && lab_id !== labId;
