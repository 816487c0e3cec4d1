/** What a version holds: as the index has it, or from git for one that was indexed before that was kept. */
import type { Repositories } from '../../../repos/types.ts';
import type { Version } from '../../store/entities/index.ts';
import type { Store } from '../../store/open.ts';
import { keepContent } from '../../store/versions.ts';
import { contentOf, type VersionContent } from '../landing/index-rows.ts';
import { filesOf } from './files.ts';

/** Of a version that was read with `files` and `described`; `name` is its definition's. */
export async function contentAt(
  { store, repositories }: { store: Store; repositories: Repositories },
  name: string,
  version: Pick<Version, 'definition_id' | 'version' | 'commit' | 'files' | 'described'>,
): Promise<VersionContent> {
  const { files, described } = version;
  if (files && described) return { files, described };
  const repository = await repositories.open(name);
  const read = contentOf(name, await filesOf(repository, version.commit));
  const content = { files: read.files, described: read.described };
  await keepContent(store.em(), version, content);
  return content;
}
