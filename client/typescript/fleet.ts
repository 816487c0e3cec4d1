/**
 * Calls of lab computers, and calls that list the versions on the computers and find the version behind a measurement.
 */
import type { Provenance } from '../../registry/schemas/provenance.ts';
import type {
  DefinitionFleet,
  FleetComputer,
  FleetQuery,
  SyncList,
  SyncQuery,
  SyncReport,
} from '../../registry/schemas/sync.ts';
import { type Http, type Page, type Query, search } from './http.ts';

/** Calls that need the token of a lab computer. */
export const syncCalls = ({ json, nothing }: Http) => ({
  list: (query: SyncQuery = {}) => json<SyncList>('GET', `/api/sync${search(query)}`),
  report: (body: SyncReport) => nothing('POST', '/api/sync/report', body),
});

export const fleetCalls = ({ json }: Http) => ({
  list: (query: Query<FleetQuery> = {}) =>
    json<Page<FleetComputer>>('GET', `/api/fleet${search(query)}`),
  /** How many computers have each version of a definition, now and on each of the last `days` days. */
  definition: (id: number, days?: number) =>
    json<DefinitionFleet>('GET', `/api/instrument-definitions/${id}/fleet${search({ days })}`),
  /** The version with this commit, or the version with a file of this SHA-256. */
  provenance: (hash: string) =>
    json<Provenance>('GET', `/api/provenance/${encodeURIComponent(hash)}`),
});
