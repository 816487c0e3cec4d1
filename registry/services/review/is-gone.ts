import { RepositoryError } from '../../../repos/errors.ts';

/** Whether the error says that git no longer has an object, because no ref reaches it. */
export const isGone = (error: unknown): boolean =>
  error instanceof RepositoryError && error.code === 'object_not_found';
