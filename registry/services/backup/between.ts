/** Restores repositories as they were at a moment between two backups (docs/decisions/0051). */
import type { Oid, Repositories, Repository } from '../../../repos/types.ts';
import type { Chain, Link } from './chain.ts';
import { refsAt } from './moment.ts';

export interface Between {
  /** When the earlier and the later backup were made. */
  from: string;
  to: string;
  /** The number of versions that landed after the earlier backup until the moment. */
  landed: number;
  /** How often each action of the audit trail happened in that time without being in git. It was not restored. */
  omitted: Record<string, number>;
}

interface Moment {
  name: string;
  /** The refs of the repository in the earlier backup. */
  before: ReadonlyMap<string, Oid> | undefined;
  at: Date;
  later: Link;
}

/** Restores one repository as it was at `at`. Returns undefined if it had no version then. */
export async function adoptAt(
  repositories: Repositories,
  chain: Chain,
  { name, before, at, later }: Moment,
  adopt: (bundles: AsyncIterable<Buffer>[]) => Promise<Repository>,
): Promise<Repository | undefined> {
  if (!later.manifest.repositories.includes(name)) return await adopt(chain.bundlesOf(name));
  const repository = await adopt(chain.bundlesOf(name, { later: true }));
  const wanted = await refsAt(repository, before, at);
  if (wanted !== undefined) {
    const now = await repository.refs();
    const names = new Set([...now.keys(), ...wanted.keys()]);
    const updates = [...names].map((ref) => ({
      ref,
      from: now.get(ref)?.oid ?? null,
      to: wanted.get(ref) ?? null,
    }));
    await repository.updateRefs(updates.filter(({ from, to }) => from !== to));
    return repository;
  }
  await repositories.remove(name);
  return before && (await adopt(chain.bundlesOf(name)));
}
