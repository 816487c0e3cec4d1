/** Thrown for bytes that violate the git protocol. */
export class WireError extends Error {
  readonly code = 'bad_request';
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}
