/** Bytes that are not what the git protocol says they must be. */
export class WireError extends Error {
  readonly code = 'bad_request';
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}
