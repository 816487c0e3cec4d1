/**
 * Compares the definitions in the database with the repositories, and reports the differences. It changes nothing.
 */
import { RepositoryError } from '../../../repos/errors.ts';
import { countVersions } from '../../../repos/landing.ts';
import type { Refs, Repositories } from '../../../repos/types.ts';
import { MAIN } from '../../../text/refs.ts';
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
   * `missing`: the definition has no repository. `unknown`: the repository has no row in the database. `damaged`: the
   * refs of the repository cannot be read. `newer`: git has more versions than the database. `older`: git has fewer or
   * other versions.
   */
  kind: 'missing' | 'unknown' | 'damaged' | 'older' | 'newer';
  /** A text that says what is wrong and what to do. The text does not contain the name of the definition. */
  problem: string;
}

export const REINDEX = 'run: registry reindex';
const GIVE_UP = 'registry reindex --delete-missing';

/**
 * Finds definitions that only the database or only git has. With `versions`, the function also reads the refs of every
 * repository and compares the newest versions. A definition that is just being created or removed does not count as a
 * difference.
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

/** Compares one definition. After a difference, the row is read again, because a landing may be running. */
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

/** The difference between a definition's repository and its row. Null if they agree. */
export async function differenceOf(
  repositories: Repositories,
  row: KnownDefinition,
): Promise<Difference | null> {
  try {
    return differenceIn(row, await (await repositories.open(row.name)).refs());
  } catch (error) {
    if (error instanceof RepositoryError && error.code === 'repository_not_found')
      return missing(row);
    return damaged(row.name, (error as Error).message);
  }
}

/** The difference between the refs of a definition and its row. Null if they agree. */
export function differenceIn(row: KnownDefinition, refs: Refs): Difference | null {
  if (refs.size === 0) return damaged(row.name, 'its repository is empty');
  const head = refs.get(MAIN)?.oid ?? null;
  const version = countVersions(refs);
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
    problem: `its repository ${name}.git is missing, but the database has ${version === null ? 'a proposal' : `version ${version}`} of it. Put the repository back. To delete the definition instead, run: ${GIVE_UP}`,
  }) satisfies Difference;

export const unknown = (name: string): Difference => ({
  name,
  kind: 'unknown',
  problem: `it is not in the index. To add it, ${REINDEX}`,
});

export const damaged = (name: string, why: string): Difference => ({
  name,
  kind: 'damaged',
  problem: `${why}. Put the repository ${name}.git back from a backup`,
});

const newer = ({ name, version }: KnownDefinition, now: number): Difference => ({
  name,
  kind: 'newer',
  problem: `the index has version ${version ?? 'none'}, but git has version ${now}. To update the index, ${REINDEX}`,
});

const older = (row: KnownDefinition, now: number, head: string | null): Difference => ({
  name: row.name,
  kind: 'older',
  problem: `the index has version ${row.version} at ${row.head}, but git has version ${now} at ${head}. The repository is an older or another copy. Put the newest copy back. To delete from the index what git lacks, run: ${GIVE_UP}`,
});
