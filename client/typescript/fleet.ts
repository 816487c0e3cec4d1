/** What computers fetch and report, what runs where, and the version behind a measurement. */
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

/** These calls need the token of a computer. */
export const syncCalls = ({ json, nothing }: Http) => ({
  list: (query: SyncQuery = {}) => json<SyncList>('GET', `/api/sync${search(query)}`),
  report: (body: SyncReport) => nothing('POST', '/api/sync/report', body),
});

export const fleetCalls = ({ json }: Http) => ({
  list: (query: Query<FleetQuery> = {}) =>
    json<Page<FleetComputer>>('GET', `/api/fleet${search(query)}`),
  /** The number of computers that run each version, now and on each of the last `days` days. */
  definition: (id: number, days?: number) =>
    json<DefinitionFleet>('GET', `/api/instrument-definitions/${id}/fleet${search({ days })}`),
  /** The version that a commit or the SHA-256 of a file belongs to. */
  provenance: (hash: string) =>
    json<Provenance>('GET', `/api/provenance/${encodeURIComponent(hash)}`),
});
