/** What `registry export` writes: the newest version of every definition that stands. */
import type { Repositories } from '../../../repos/types.ts';
import { everything, listDefinitions } from '../../store/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';
import type { Store } from '../../store/open.ts';
import { filesOf } from '../definitions/files.ts';
import type { ExportedDefinition } from './export-folder.ts';

const PER_PAGE = 100;

/** All of them, or a lab's, or the built-in ones; archived and merely proposed ones are left out. */
export async function standingDefinitions(
  { store, repositories }: { store: Store; repositories: Repositories },
  { lab, isBuiltin }: { lab: Lab | null; isBuiltin: boolean | undefined },
): Promise<{ definitions: AsyncIterable<ExportedDefinition>; total: number }> {
  const list = (page: number) =>
    listDefinitions(store.em(), {
      viewer: everything,
      filters: { lab_id: lab?.id, is_builtin: isBuiltin },
      sort: { field: 'id' },
      page,
      perPage: PER_PAGE,
    });
  const first = await list(1);

  async function* definitions(): AsyncIterable<ExportedDefinition> {
    for (let page = 1, listed = first; ; listed = await list(++page)) {
      for (const { name, head } of listed.items) {
        if (head === null) continue;
        yield { name, files: await filesOf(await repositories.open(name), head) };
      }
      if (page * PER_PAGE >= listed.total) return;
    }
  }
  return { definitions: definitions(), total: first.total };
}
