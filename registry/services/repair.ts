/** What a crash left half done, made whole: git holds what happened, the index follows it. */
import type { Repositories } from '../../repos/types.ts';
import { appendAudit } from '../store/audit.ts';
import type { Store } from '../store/open.ts';
import { indexRepository } from './index-repository.ts';

/**
 * Looks at the repositories noted in the journal only. One that never got its first ref is taken away:
 * its creation was not acknowledged. Returns the names that were mended.
 */
export async function repair(store: Store, repositories: Repositories): Promise<string[]> {
  const mended: string[] = [];
  for (const name of await repositories.noted()) {
    if (await repositories.exists(name)) {
      if (await mend(store, repositories, name)) mended.push(name);
    }
    await repositories.strike(name);
  }
  return mended;
}

async function mend(store: Store, repositories: Repositories, name: string): Promise<boolean> {
  const repository = await repositories.open(name);
  if ((await repository.refs()).size === 0) {
    await repositories.remove(name);
    return true;
  }
  return await store.transaction(async (em) => {
    const { definition, added } = await indexRepository(em, repository);
    for (const { record } of added) {
      await appendAudit(em, {
        actor_id: record.landed_by?.id ?? null,
        actor: record.landed_by?.username ?? 'registry',
        action: 'definition.landed',
        subject_type: 'definition',
        subject_id: definition.id,
        subject: name,
        lab_id: definition.lab_id,
        before: null,
        after: {
          version: record.version,
          commit: record.commit,
          summary: record.change_summary,
          repaired: true,
        },
        address: null,
        token_name: null,
      });
    }
    return added.length > 0;
  });
}
