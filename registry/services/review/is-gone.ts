import { RepositoryError } from '../../../repos/errors.ts';

/** Whether objects are missing because no ref holds them any more. */
export const isGone = (error: unknown): boolean =>
  error instanceof RepositoryError && error.code === 'object_not_found';
