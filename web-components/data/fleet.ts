/** The versions on the lab computers. */
import type { FleetQuery } from '../../registry/schemas/sync.ts';
import { client } from './client.ts';

export type { DefinitionFleet, FleetComputer, FleetQuery } from '../../registry/schemas/sync.ts';

export const listFleet = (query: Partial<FleetQuery>) => client.fleet.list(query);

/** The number of computers with each version of a definition, now and at the end of each of the last days. */
export const readAdoption = (definitionId: number, days: number) =>
  client.fleet.definition(definitionId, days);
