/** Selects the definitions that `registry export` writes, and reads the files of their newest versions. */
import type { Repositories } from '../../../repos/types.ts';
import { type DefinitionSummary, everything, listDefinitions } from '../../store/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';
import type { Store } from '../../store/open.ts';
import { filesOf } from '../content/files.ts';
import type { ExportedDefinition } from './export-folder.ts';

const MOST = 100_000;

/** Which definitions are exported. All definitions are exported if there is no lab and `isBuiltin` is false. */
export interface Whose {
  lab: Lab | null;
  isBuiltin: boolean;
}

/**
 * Selects all definitions, or those of a lab, the built-in ones, or both. Archived definitions and definitions without a
 * version are left out.
 */
export async function standingDefinitions(
  { store }: { store: Store },
  { lab, isBuiltin }: Whose,
): Promise<DefinitionSummary[]> {
  const choices = [
    ...(lab ? [{ lab_id: lab.id }] : []),
    ...(isBuiltin ? [{ is_builtin: true }] : []),
  ];
  const found = new Map<number, DefinitionSummary>();
  for (const filters of choices.length > 0 ? choices : [{}]) {
    const sort = { field: 'id' } as const;
    const page = { viewer: everything, filters, sort, page: 1, perPage: MOST };
    const { items } = await listDefinitions(store.em(), page);
    for (const row of items) if (row.head !== null) found.set(row.id, row);
  }
  return [...found.values()].sort((a, b) => a.id - b.id);
}

/** Reads the files of the definitions. Only one definition is in memory at a time. */
export async function* contentsOf(
  { repositories }: { repositories: Repositories },
  definitions: readonly DefinitionSummary[],
): AsyncGenerator<ExportedDefinition> {
  for (const { name, head } of definitions) {
    yield { name, files: await filesOf(await repositories.open(name), head as string) };
  }
}
