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
  DefinitionItem,
  DefinitionQuery,
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

/** The unified diff of two versions in git's format. */
export const compareVersions = async (id: number, from: number, to: number) =>
  (await client.definitions.diff(id, from, to)).diff;

/**
 * Creates a new version with the files of the version `version`. If the rollback needs a review, the result has a merge
 * request.
 */
export const rollBack = (id: number, version: number, reason: string) =>
  client.definitions.rollback(id, version, reason);

/**
 * Saves a change. If the change needs a review, the result has a merge request. Rejects with 409 if another version has
 * landed.
 */
export const changeDefinition = (id: number, change: DefinitionChange) =>
  client.definitions.change(id, change);
export const createDefinition = (what: NewDefinition) => client.definitions.create(what);
/** Validates files of a definition. With the `id` of an existing definition, `body` contains only its changed files. */
export const validateSource = (body: ValidateRequest, id?: number) =>
  client.definitions.validate(body, id);

/** Loads the provenance of the version with this commit: its review and the hashes of its files. */
export const readProvenance = (commit: string) => client.fleet.provenance(commit);

export const readVersion = (id: number, version: number) => client.definitions.version(id, version);

/** The newest results of testing a version. There are none for users of other labs. */
export const listTestResults = async (id: number, version: number) =>
  (await client.definitions.results(id, version)).items;

/** Deprecates, revokes or reinstates a version. */
export const setVerdict = (
  verdict: 'deprecate' | 'revoke' | 'reinstate',
  id: number,
  version: number,
  reason: string,
) => client.definitions[verdict](id, version, reason);

export const setPublic = (id: number, is_public: boolean) =>
  client.definitions.change(id, { is_public });
export const archive = (id: number) => client.definitions.archive(id);
export const restore = (id: number) => client.definitions.restore(id);
