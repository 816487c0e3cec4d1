/** Updates the index of single definitions that are behind git. */
import type { Repository } from '../../../repos/types.ts';
import type { LandingDeps } from '../deps.ts';
import { indexRepository } from '../landing/index-repository.ts';
import { mendedState } from './mended-state.ts';

/** Updates the rows of these definitions from git. Returns how many versions the rows lacked. */
export async function followGit(
  deps: LandingDeps,
  repositories: readonly Repository[],
  { everyVersion = false } = {},
): Promise<number> {
  let landed = 0;
  for (const repository of repositories) {
    const state = mendedState(repository.name);
    const { added } = await indexRepository(deps, repository, {
      everyVersion,
      first: state.first,
      also: async (em, indexed) => void (await state.audit(em, indexed)),
    });
    landed += added.length;
  }
  return landed;
}
