/** Rebuilding the index of definitions and versions from the repositories alone. */
import type { Repositories } from '../../repos/types.ts';
import { RecordError } from '../definitions/record.ts';
import {
  advanceDefinitionIds,
  deleteDefinition,
  everything,
  listDefinitions,
} from '../store/definitions.ts';
import type { Store } from '../store/open.ts';
import { indexRepository } from './index-repository.ts';

export interface ReindexReport {
  definitions: number;
  versions: number;
  /** Repositories that are none of this product's, or damaged, and why. */
  skipped: { name: string; reason: string }[];
  /** Rows whose repository is gone. */
  removed: string[];
}

/** One transaction a repository, so that the service can go on beside it. */
export async function reindex(
  store: Store,
  repositories: Repositories,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<ReindexReport> {
  const names = await repositories.list();
  const report: ReindexReport = { definitions: 0, versions: 0, skipped: [], removed: [] };
  for (const [i, name] of names.entries()) {
    const repository = await repositories.open(name);
    try {
      const { added } = await store.transaction((em) =>
        indexRepository(em, repository, { everyVersion: true }),
      );
      report.definitions += 1;
      report.versions += added.length;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      report.skipped.push({ name, reason: error.message });
    }
    onProgress(i + 1, names.length);
  }
  report.removed = await removeOrphans(store, new Set(names));
  await store.transaction((em) => advanceDefinitionIds(em));
  return report;
}

async function removeOrphans(store: Store, names: ReadonlySet<string>): Promise<string[]> {
  const orphans: { id: number; name: string }[] = [];
  const perPage = 500;
  for (const archived of [false, true]) {
    for (let page = 1; ; page++) {
      const { items } = await listDefinitions(store.em(), {
        viewer: everything,
        filters: { archived },
        sort: { field: 'id' },
        page,
        perPage,
      });
      orphans.push(...items.filter(({ name }) => !names.has(name)));
      if (items.length < perPage) break;
    }
  }
  for (const { id } of orphans) await store.transaction((em) => deleteDefinition(em, id));
  return orphans.map(({ name }) => name);
}
