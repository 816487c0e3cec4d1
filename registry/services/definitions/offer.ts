/** A version as lab computers get it, in sync lists and in bundles. */
import type { OfferedDefinition } from '../../schemas/sync.ts';
import type { DefinitionSummary } from '../../store/definitions.ts';
import type { Version } from '../../store/entities/index.ts';
import { contentAt } from '../content/version-content.ts';
import { type ReadDeps, summaryOf } from './read-definitions.ts';

/** Without the two fields that differ between computers. `creators` has usernames by account. */
export async function offerOf(
  deps: ReadDeps,
  definition: DefinitionSummary,
  version: Version,
  creators: ReadonlyMap<number, string>,
): Promise<Omit<OfferedDefinition, 'bound' | 'pinned'>> {
  const { files, described } = await contentAt(deps, definition.name, version);
  return {
    ...summaryOf(deps, definition, creators, version),
    ...described,
    version: version.version,
    head: version.commit,
    commit: version.commit,
    files,
    approvals: version.approvals,
    permissions: version.permissions,
  };
}
