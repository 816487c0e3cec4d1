/**
 * Computes the index rows of the database from git. Landing, repair and reindex all use this code, so a rebuilt index
 * equals the original one.
 */
import type { ReadContent } from '../../definitions/content.ts';
import { readUnder } from '../../definitions/landed-under.ts';
import type { DefinitionState, VersionRecord } from '../../definitions/record.ts';
import { storable } from '../../definitions/storable.ts';

export interface LandedVersion {
  record: VersionRecord;
  /** The object id of the version's annotated tag. */
  tag: string;
  content: ReadContent;
}

/**
 * The row of a definition. `latest` is the newest version of the definition. The last argument is the content of the
 * newest version or, if there is no version yet, of the proposal.
 */
export function definitionRow(
  state: DefinitionState,
  latest: LandedVersion | undefined,
  { described, source }: ReadContent,
) {
  const landed = latest?.record.landed_at;
  return {
    id: state.id,
    name: state.name,
    lab_id: state.lab?.id ?? null,
    created_by: state.created_by?.id ?? null,
    is_public: state.is_public,
    is_builtin: state.is_builtin,
    archived_at: state.archived_at === null ? null : new Date(state.archived_at),
    version: latest?.record.version ?? null,
    head: latest?.record.commit ?? null,
    permissions: latest?.record.permissions ?? [],
    ...described,
    source_code: source,
    created_at: new Date(state.created_at),
    updated_at: new Date(landed && landed > state.updated_at ? landed : state.updated_at),
  };
}
export type DefinitionRow = ReturnType<typeof definitionRow>;

/** The row of one version. Verdicts (deprecated, revoked, reinstated) come from the definition's state. */
export function versionRow(state: DefinitionState, { record, tag, content }: LandedVersion) {
  return {
    definition_id: state.id,
    version: record.version,
    commit: record.commit,
    tag,
    author_name: storable(record.author.name),
    author_email: storable(record.author.email),
    landed_by: record.landed_by?.id ?? null,
    landed_by_name: record.landed_by?.username ?? '',
    approvals: record.approvals,
    overrides: record.overrides,
    landed_under: readUnder(record, state),
    permissions: record.permissions ?? [],
    merge_request: record.merge_request,
    change_summary: storable(record.change_summary),
    deprecated: state.deprecated[record.version] ?? null,
    revoked: state.revoked[record.version] ?? null,
    reinstated: state.reinstated?.[record.version] ?? null,
    files: content.files,
    described: content.described,
    created_at: new Date(record.landed_at),
  };
}
