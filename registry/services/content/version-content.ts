/**
 * Loads the content of a version from the index. If an older registry indexed the version without content, the content is
 * read from git and stored in the index.
 */
import type { Repositories } from '../../../repos/types.ts';
import type { VersionContent } from '../../definitions/content.ts';
import type { Version } from '../../store/entities/index.ts';
import type { Store } from '../../store/open.ts';
import { saveContent } from '../../store/versions.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { REGISTRY_ACCOUNT } from '../caller.ts';
import { filesOf } from './files.ts';

export interface ContentDeps extends AnalysisDeps {
  store: Store;
  repositories: Repositories;
}

/** `version` must be loaded with the columns `files` and `described`. `name` is the name of its definition. */
export async function contentAt(
  { store, repositories, analysis }: ContentDeps,
  name: string,
  version: Pick<Version, 'definition_id' | 'version' | 'commit' | 'files' | 'described'>,
): Promise<VersionContent> {
  if (version.files && version.described)
    return { files: version.files, described: version.described };
  const repository = await repositories.open(name);
  const files = await filesOf(repository, version.commit);
  const read = await analysis.ask(REGISTRY_ACCOUNT, 'readContent', name, files);
  const content = { files: read.files, described: read.described };
  await saveContent(store.em(), version, content);
  return content;
}
