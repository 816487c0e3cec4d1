/** Definitions and their versions. */
import type { DefinitionQuery } from '../../registry/schemas/definitions.ts';
import { client } from './client.ts';

export type {
  Definition,
  DefinitionQuery,
  DefinitionSummary,
  VersionSummary,
} from '../../registry/schemas/definitions.ts';

export const listDefinitions = (query: Partial<DefinitionQuery>) => client.definitions.list(query);

export const readDefinition = (name: string, version?: number) =>
  client.definitions.byName(name, version);

export const listVersions = (id: number) => client.definitions.versions(id);
