import type { Repository } from '../../../repos/types.ts';
import { readState } from '../content/files.ts';

/** The definition's id in git. 0 if the repository has no state. */
export async function idIn(repository: Repository): Promise<number> {
  const state = await repository.readState();
  return state === undefined ? 0 : (await readState(repository)).state.id;
}
