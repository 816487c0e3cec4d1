import { RepositoryError } from '../../../repos/errors.ts';

/** Whether objects were packed away that no ref holds any more. */
export const isGone = (error: unknown): boolean =>
  error instanceof RepositoryError && error.code === 'object_not_found';
