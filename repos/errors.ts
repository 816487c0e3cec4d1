/** The codes by which callers distinguish the errors of the git layer. */
export type RepositoryErrorCode =
  | 'bad_name'
  | 'repository_exists'
  | 'repository_not_found'
  | 'damaged'
  | 'ref_conflict'
  | 'locked'
  | 'fenced'
  | 'object_not_found'
  | 'bad_object'
  | 'too_large'
  /** The disk refused what must be durable before refs move. No ref has moved. */
  | 'not_written'
  | 'git_failed';

export class RepositoryError extends Error {
  readonly code: RepositoryErrorCode;
  constructor(code: RepositoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RepositoryError';
    this.code = code;
  }
}
