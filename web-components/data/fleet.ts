/** Which versions run where. */
import type { FleetQuery } from '../../registry/schemas/sync.ts';
import { client } from './client.ts';

export type { DefinitionFleet, FleetComputer, FleetQuery } from '../../registry/schemas/sync.ts';

export const listFleet = (query: Partial<FleetQuery>) => client.fleet.list(query);

/** Of one definition: on how many computers each version runs, now and at the end of each of the last days. */
export const adoptionOf = (definitionId: number, days: number) =>
  client.fleet.definition(definitionId, days);
