import { IdParams, List } from '../schemas/common.ts';
import { DefinitionFleet, FleetComputer, FleetQuery, HistoryQuery } from '../schemas/sync.ts';
import type { PeopleDeps } from '../services/deps.ts';
import { definitionFleet, listFleet } from '../services/sync/fleet.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

export function fleetRoutes(app: RegistryServer, deps: PeopleDeps): void {
  const tags = ['fleet'];

  app.get(
    '/api/fleet',
    {
      schema: {
        operationId: 'listFleet',
        tags,
        summary:
          'List the computers of your labs, with their installed, loaded and outdated versions, and their errors',
        querystring: FleetQuery,
        response: { 200: List(FleetComputer), ...problemAnswers },
      },
    },
    async ({ caller, query }) => await listFleet(deps, caller, query),
  );

  app.get(
    '/api/instrument-definitions/:id/fleet',
    {
      schema: {
        operationId: 'readDefinitionFleet',
        tags,
        summary:
          'Count the computers of your labs that have each version of a definition, now and on each day',
        params: IdParams,
        querystring: HistoryQuery,
        response: { 200: DefinitionFleet, ...problemAnswers },
      },
    },
    async ({ caller, params, query }) => await definitionFleet(deps, caller, params.id, query),
  );
}
