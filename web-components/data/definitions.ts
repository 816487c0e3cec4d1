/** Definitions and their versions. */
import type {
  DefinitionChange,
  DefinitionQuery,
  FacetQuery,
  NewDefinition,
  ValidateRequest,
} from '../../registry/schemas/definitions.ts';
import { client } from './client.ts';

export type {
  Definition,
  DefinitionFacets,
  DefinitionQuery,
  DefinitionSummary,
  FacetQuery,
  SavedDefinition,
  VersionSummary,
} from '../../registry/schemas/definitions.ts';
export type { Provenance } from '../../registry/schemas/provenance.ts';

export const listDefinitions = (query: Partial<DefinitionQuery>) => client.definitions.list(query);

export const countFacets = (query: Partial<FacetQuery>) => client.definitions.facets(query);

export const readDefinition = (name: string, version?: number) =>
  client.definitions.byName(name, version);

export const listVersions = (id: number, page = 1) =>
  client.definitions.versions(id, { page, per_page: 50 });

/** The unified diff of two versions, as git prints it. */
export const compareVersions = async (id: number, from: number, to: number) =>
  (await client.definitions.diff(id, from, to)).diff;

/** Makes a new version that equals this one; where it must be reviewed, the answer has its merge request. */
export const rollBack = (id: number, version: number, reason: string) =>
  client.definitions.rollback(id, version, reason);

/** What must be reviewed answers with its merge request. Rejects with 409 where another version has landed. */
export const changeDefinition = (id: number, change: DefinitionChange) =>
  client.definitions.change(id, change);
export const createDefinition = (what: NewDefinition) => client.definitions.create(what);
/** With an id the texts are changes of that definition's files; those that do not change are left out. */
export const validateSource = (body: ValidateRequest, id?: number) =>
  client.definitions.validate(body, id);

/** What is known of the version that is this commit: its review, and the hashes of its files. */
export const readProvenance = (commit: string) => client.fleet.provenance(commit);

export const readVersion = (id: number, version: number) => client.definitions.version(id, version);

/** What lab admins say of a version: warned of, withdrawn, or neither any more. */
export const judgeVersion = (
  verdict: 'deprecate' | 'revoke' | 'reinstate',
  id: number,
  version: number,
  reason: string,
) => client.definitions[verdict](id, version, reason);

export const setPublic = (id: number, is_public: boolean) =>
  client.definitions.change(id, { is_public });
export const archive = (id: number) => client.definitions.archive(id);
export const restore = (id: number) => client.definitions.restore(id);
