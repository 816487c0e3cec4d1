/**
 * What a version holds. A landing notes it of the newest version, which it has read anyway; of older ones it is found
 * in git when somebody asks, and noted then: a version never changes.
 */
import type { Repositories } from '../../repos/types.ts';
import type { Version } from '../store/entities/index.ts';
import type { Store } from '../store/open.ts';
import { keepContent } from '../store/versions.ts';
import { filesOf } from './files.ts';
import { contentOf, type VersionContent } from './index-rows.ts';

/** Of a version that was read with `files` and `described`; `name` is its definition's. */
export async function contentAt(
  { store, repositories }: { store: Store; repositories: Repositories },
  name: string,
  version: Pick<Version, 'definition_id' | 'version' | 'commit' | 'files' | 'described'>,
): Promise<VersionContent> {
  const { files, described } = version;
  if (files && described) return { files, described };
  const repository = await repositories.open(name);
  const content = contentOf(name, await filesOf(repository, version.commit));
  await keepContent(store.em(), version, content);
  return content;
}
