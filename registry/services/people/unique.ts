import { Problem } from '../../errors.ts';
import { StoreError } from '../../store/errors.ts';

/** Turns a unique violation into `conflict`: the value of the field `path` is taken. Rethrows any other error. */
export function throwIfTaken(error: unknown, path: string): never {
  if (!(error instanceof StoreError) || error.code !== 'unique_violation') throw error;
  throw new Problem(
    'conflict',
    `This ${path} is taken (case is ignored). Choose another ${path}.`,
    [{ path, message: 'is taken' }],
    { cause: error },
  );
}
