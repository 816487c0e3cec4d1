/** `registry fsck --repair`: repairs what can be repaired without losing anything. */
import { advanceDefinitionIds, knownDefinitions } from '../../store/definitions.ts';
import { StoreError } from '../../store/errors.ts';
import { countVersions } from '../../store/indexing.ts';
import { advanceMergeRequestIds } from '../../store/merge-requests.ts';
import { headsIn } from '../content/history.ts';
import { apartFromRefs } from '../review/repair-merge-requests.ts';
import { compare, differenceOf } from './compare.ts';
import { followGit } from './follow-git.ts';
import type { FsckDeps } from './fsck.ts';
import { idIn } from './id-in.ts';
import { type MendDeps, mendRefs } from './mend-refs.ts';
import { repairAsked } from './repair.ts';

export interface Mended {
  /** What was done, in words. */
  done: { name: string; what: string }[];
  failed: { name: string; error: Error }[];
}

/**
 * Puts moved refs back, adopts refs that were changed with git, removes what ended processes left, and brings the index up
 * to git. Never deletes a definition, a version or an object, and never changes the files of a repository that is damaged.
 */
export async function mend(
  deps: FsckDeps & MendDeps,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Mended> {
  const { store, repositories, signingKeys } = deps;
  const mended: Mended = { done: [], failed: [] };
  await repositories.takeOverEntries();
  // Without the keys nobody can say which versions the registry made, so no ref is moved. The check that follows names the fault.
  const keys = await signingKeys.list().catch(() => undefined);
  const names = await repositories.list();
  const known = new Map((await knownDefinitions(store.em())).map((row) => [row.name, row]));
  const unknown = new Set((await compare(deps)).map(({ name }) => name));
  let highest = 0;
  let newestProposal = 0;
  const apart: string[] = [];
  for (const [i, name] of names.entries()) {
    try {
      const repository = await repositories.open(name);
      await repository.maintain();
      const put = keys ? await mendRefs(deps, repository, keys) : [];
      mended.done.push(...put.map((what) => ({ name, what })));
      const row = known.get(name);
      highest = Math.max(highest, await idIn(repository));
      const proposed = headsIn(await repository.refs()).map(({ id }) => id);
      newestProposal = Math.max(newestProposal, ...proposed);
      const isBehind = row
        ? (await differenceOf(repositories, row))?.kind === 'newer' ||
          (await countVersions(store.em(), row.id)) < (row.version ?? 0)
        : unknown.has(name);
      if (isBehind) {
        const versions = await followGit(deps, [repository], { everyVersion: true });
        mended.done.push({ name, what: `the index follows git again (${versions} versions)` });
      }
      const proposals = await apartFromRefs(store.em(), repository, await idIn(repository));
      if (proposals.length > 0) apart.push(name);
    } catch (error) {
      // Nothing is wrong with the definition.
      if (error instanceof StoreError && error.code === 'database_unavailable') throw error;
      mended.failed.push({ name, error: error as Error });
    }
    onProgress(i + 1, names.length);
  }
  const { repaired, failed } = await repairAsked(deps, apart);
  mended.done.push(
    ...repaired.map((name) => ({ name, what: 'its merge requests follow git again' })),
  );
  mended.failed.push(...failed);
  await store.transaction(async (em) => {
    await advanceDefinitionIds(em, highest);
    await advanceMergeRequestIds(em, newestProposal);
  });
  return mended;
}
