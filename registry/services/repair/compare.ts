/**
 * Compares the definitions of the database with the repositories, and says what one side has and the other lacks. It
 * changes nothing.
 */
import { RepositoryError } from '../../../repos/errors.ts';
import type { Refs, Repositories, Repository } from '../../../repos/types.ts';
import {
  everything,
  findSummary,
  type KnownDefinition,
  knownDefinitions,
} from '../../store/definitions.ts';
import type { Store } from '../../store/open.ts';

export interface CompareDeps {
  store: Store;
  repositories: Repositories;
}

export interface Difference {
  /** The name of the definition. */
  name: string;
  /**
   * `missing`: the repository is gone; `unknown`: the database does not have it; `damaged`: its refs cannot be read;
   * `older`, `newer`: git has fewer or other versions, or more versions than the database.
   */
  kind: 'missing' | 'unknown' | 'damaged' | 'older' | 'newer';
  /** What is wrong, and what to do, without the name. */
  problem: string;
}

export const REINDEX = 'run: registry reindex';
const GIVE_UP = 'registry reindex --delete-missing';

/**
 * Names that only one side has. With `versions`, also compares the newest versions, which reads the refs of every
 * repository. A definition that is being created or removed is no difference.
 */
export async function compare(
  { store, repositories }: CompareDeps,
  { versions = false, onProgress = () => {} }: CompareOptions = {},
): Promise<Difference[]> {
  const names = new Set(await repositories.list());
  const known = new Map((await knownDefinitions(store.em())).map((row) => [row.name, row]));
  const changing = new Set(await repositories.journaled());
  const found: Difference[] = [];
  for (const row of known.values()) {
    if (names.has(row.name) || (await repositories.exists(row.name))) continue;
    if (await findSummary(store.em(), row.name, everything)) found.push(missing(row));
  }
  for (const name of names) {
    if (known.has(name) || changing.has(name)) continue;
    const isThere = (await repositories.exists(name)) && !(await isKnown(store, name));
    if (isThere) found.push(unknown(name));
  }
  if (!versions) return found;
  let done = 0;
  for (const [name, row] of known) {
    onProgress(++done, known.size);
    if (!names.has(name) || changing.has(name)) continue;
    const difference = await compareOne({ store, repositories }, row);
    if (difference) found.push(difference);
  }
  return found;
}

interface CompareOptions {
  versions?: boolean;
  onProgress?: (done: number, total: number) => void;
}

/** Compares again with what the database has now if they differ, because a landing may be running. */
async function compareOne(
  { store, repositories }: CompareDeps,
  row: KnownDefinition,
): Promise<Difference | null> {
  const isOpen = repositories.opened(row.name) !== undefined;
  const difference = await differenceOf(repositories, row);
  if (!isOpen) repositories.release(row.name);
  if (difference === null || (await repositories.journaled()).includes(row.name)) return null;
  const now = await findSummary(store.em(), row.name, everything);
  return now ? await differenceOf(repositories, now) : null;
}

/** How the repository of this definition differs from its row; null if it does not. */
export async function differenceOf(
  repositories: Repositories,
  row: KnownDefinition,
): Promise<Difference | null> {
  let repository: Repository;
  let refs: Refs;
  try {
    repository = await repositories.open(row.name);
    refs = await repository.refs();
  } catch (error) {
    if (error instanceof RepositoryError && error.code === 'repository_not_found')
      return missing(row);
    return damaged(row.name, (error as Error).message);
  }
  if (refs.size === 0) return damaged(row.name, 'its repository is empty');
  const { head, version } = await repository.tip();
  const before = row.version ?? 0;
  if (version === before && head === row.head) return null;
  return version > before ? newer(row, version) : older(row, version, head);
}

const isKnown = async (store: Store, name: string): Promise<boolean> =>
  (await findSummary(store.em(), name, everything))?.name === name;

export const missing = ({ name, version }: Pick<KnownDefinition, 'name' | 'version'>) =>
  ({
    name,
    kind: 'missing',
    problem: `its repository ${name}.git is missing, but the database has ${version === null ? 'a proposal' : `version ${version}`} of it. Put the repository back; to delete the definition instead: ${GIVE_UP}`,
  }) satisfies Difference;

export const unknown = (name: string): Difference => ({
  name,
  kind: 'unknown',
  problem: `it is not in the index; ${REINDEX}`,
});

const damaged = (name: string, why: string): Difference => ({
  name,
  kind: 'damaged',
  problem: `${why}. Put the repository ${name}.git back from a backup`,
});

const newer = ({ name, version }: KnownDefinition, now: number): Difference => ({
  name,
  kind: 'newer',
  problem: `the index has version ${version ?? 'none'}, git ${now}; ${REINDEX}`,
});

const older = (row: KnownDefinition, now: number, head: string | null): Difference => ({
  name: row.name,
  kind: 'older',
  problem: `the index has version ${row.version} at ${row.head}, git ${now} at ${head}: the repository is an older or another copy. Put the newest one back; to give up what it lacks: ${GIVE_UP}`,
});
