import type {
  Definition,
  DefinitionChange,
  DefinitionFacets,
  DefinitionItem,
  DefinitionQuery,
  DiffDocument,
  FacetQuery,
  NewDefinition,
  RollbackRequest,
  SavedDefinition,
  ValidateRequest,
  ValidationResult,
  VersionDetail,
  VersionSummary,
} from '../../registry/schemas/definitions.ts';
import type { TestResult, TestRun } from '../../registry/schemas/tests.ts';
import { type Http, type Page, type PageQuery, type Query, search } from './http.ts';

const all = '/api/instrument-definitions';

/** Calls for definitions and their versions. If a save needs a review, its result has a `merge_request`. */
export function definitionCalls({ json, nothing, raw }: Http) {
  const judge = (verdict: string) => (id: number, n: number, reason: string) =>
    json<VersionSummary>('POST', `${all}/${id}/versions/${n}/${verdict}`, { reason });
  return {
    list: (query: Query<DefinitionQuery> = {}) =>
      json<Page<DefinitionItem>>('GET', all + search(query)),
    facets: (query: Query<FacetQuery> = {}) =>
      json<DefinitionFacets>('GET', `${all}/facets${search(query)}`),
    create: (body: NewDefinition) => json<SavedDefinition>('POST', all, body),
    read: (id: number, version?: number) =>
      json<Definition>('GET', `${all}/${id}${search({ version })}`),
    byName: (name: string, version?: number) =>
      json<Definition>('GET', `${all}/by-name/${encodeURIComponent(name)}${search({ version })}`),
    change: (id: number, body: DefinitionChange) =>
      json<SavedDefinition>('PUT', `${all}/${id}`, body),
    archive: (id: number) => nothing('DELETE', `${all}/${id}`),
    restore: (id: number) => json<Definition>('POST', `${all}/${id}/restore`),
    rollback: (id: number, version: number, reason: string, more: Query<RollbackRequest> = {}) =>
      json<SavedDefinition>('POST', `${all}/${id}/rollback`, { ...more, version, reason }),
    validate: (body: ValidateRequest, id?: number) =>
      json<ValidationResult>('POST', `${all}${id === undefined ? '' : `/${id}`}/validate`, body),
    versions: (id: number, query: PageQuery = {}) =>
      json<Page<VersionSummary>>('GET', `${all}/${id}/versions${search(query)}`),
    version: (id: number, n: number) => json<VersionDetail>('GET', `${all}/${id}/versions/${n}`),
    /** The results of testing a version on bench computers, newest first. */
    results: (id: number, n: number, query: PageQuery = {}) =>
      json<Page<TestResult>>('GET', `${all}/${id}/versions/${n}/results${search(query)}`),
    postResult: (id: number, n: number, body: TestRun) =>
      json<TestResult>('POST', `${all}/${id}/versions/${n}/results`, body),
    deprecate: judge('deprecate'),
    revoke: judge('revoke'),
    reinstate: judge('reinstate'),
    diff: (id: number, from: number, to: number) =>
      json<DiffDocument>('GET', `${all}/${id}/diff${search({ from, to })}`),
    source: async (id: number, version?: number) =>
      new Uint8Array(
        await (await raw(`${all}/${id}/source${search({ version })}`, '*/*')).arrayBuffer(),
      ),
  };
}
