import { allocateDefinitionId } from '../../registry/store/definitions.ts';
import { type DefinitionFields, upsertDefinition } from '../../registry/store/indexing.ts';
import type { Store } from '../../registry/store/open.ts';
import type { VersionFields } from '../../registry/store/versions.ts';

/** All fields except the id. */
export type NewDefinition = Omit<DefinitionFields, 'id'>;

/** The fields of a definition that landed once and has only a name. */
export function definitionFields(
  name: string,
  changes: Partial<NewDefinition> = {},
): NewDefinition {
  return {
    name,
    lab_id: null,
    created_by: null,
    is_public: false,
    is_builtin: false,
    archived_at: null,
    version: 1,
    head: 'a'.repeat(40),
    display_name: name,
    description: null,
    instrument_type: 'measurement',
    category: null,
    manufacturer: null,
    status: 'operational',
    base_class: null,
    dependencies: [],
    settings_schema: null,
    default_settings: null,
    data_columns: null,
    data_units: null,
    position_column: null,
    position_units: null,
    permissions: [],
    source_code: '',
    created_at: new Date('2026-01-01T00:00:00Z'),
    updated_at: new Date('2026-01-01T00:00:00Z'),
    ...changes,
  };
}

export function versionFields(
  definition_id: number,
  version: number,
  changes: Partial<VersionFields> = {},
): VersionFields {
  return {
    definition_id,
    version,
    commit: String(version).padStart(40, '0'),
    tag: String(version).padStart(40, 'f'),
    author_name: 'Ada',
    author_email: 'ada@example.org',
    landed_by: null,
    landed_by_name: 'Ada',
    approvals: [],
    overrides: [],
    landed_under: null,
    permissions: [],
    merge_request: null,
    change_summary: '',
    deprecated: null,
    revoked: null,
    reinstated: null,
    files: null,
    described: null,
    created_at: new Date('2026-01-01T00:00:00Z'),
    ...changes,
  };
}

/** Inserts a definition with the next id, as its first landing does. */
export function insert(store: Store, fields: NewDefinition): Promise<DefinitionFields> {
  return store.transaction(async (em) => {
    const row = { ...fields, id: await allocateDefinitionId(em) };
    await upsertDefinition(em, row);
    return row;
  });
}
