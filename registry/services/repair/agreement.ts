/**
 * Whether the database and the folder of repositories belong together. Both have the identity of the registry. The folder
 * also has a mark with the newest entry of the audit trail that it has seen, so a database that was set back lacks that
 * entry. A start compares these and the definitions that changed last. If others than a registry added or removed
 * repositories, it compares all definitions ([decision 44](../../../docs/decisions/0044-missing-is-noticed.md)).
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { replaceFile } from '../../../repos/durable.ts';
import { RepositoryError } from '../../../repos/errors.ts';
import { REGISTRY } from '../../../repos/store.ts';
import type { Repositories } from '../../../repos/types.ts';
import { RecordError } from '../../definitions/record.ts';
import { Problem } from '../../errors.ts';
import { readIfThere } from '../../keys.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import { advanceDefinitionIds, knownDefinitions } from '../../store/definitions.ts';
import type { Store } from '../../store/open.ts';
import {
  findIdentity,
  hasPoint,
  newestPoint,
  noteSigningKey,
  recentDefinitions,
  type TrailPoint,
  writeIdentity,
} from '../../store/registry-identity.ts';
import { hasUsers } from '../../store/users.ts';
import { type CompareDeps, compare, type Difference, differenceOf } from './compare.ts';
import { idIn } from './id-in.ts';

export interface AgreementDeps extends CompareDeps {
  signingKeys: SigningKeys;
}

const MARK = 'mark.json';

interface Mark {
  registry: string;
  /** The newest entry of the audit trail. */
  point: TrailPoint | null;
}

/** How many of the newest entries of the audit trail a start looks at. */
const RECENT = 100;

export interface Agreement {
  /** Differences of single definitions. The registry serves the others. */
  differences(): Promise<Difference[]>;
  /** Writes the mark if the audit trail has grown. */
  keep(): Promise<void>;
}

/**
 * Throws `Problem` `incomplete` if database, repositories and keys do not belong together. An older registry has no mark
 * yet: it is made once everything agrees.
 */
export async function agree(deps: AgreementDeps): Promise<Agreement> {
  const { store, repositories } = deps;
  const mark = await readMark(repositories.root);
  const identity = await findIdentity(store.em());
  requireSame(repositories, mark, identity);
  await requirePoint(store, repositories, mark);
  if (!mark || !identity) await requireBelonging(deps, mark !== undefined, identity !== null);
  const standing = new Standing(deps, mark);
  // Notes of interrupted changes may be lost with the journal.
  const isDoubtful = !(await isAtMark(deps, mark)) && (await areRecentDamaged(deps));
  if (isDoubtful || repositories.isJournalNew) standing.doubt();
  const found = await standing.differences();
  if (found.length > 0) await advancePast(deps, found);
  else if (mark && identity) await standing.keep();
  else await standing.begin(identity?.registry ?? mark?.registry);
  await agreeOnKeys(deps, identity ?? (await findIdentity(store.em())));
  return standing;
}

/** What a start would refuse, for `fsck`: null if database and repositories belong together. Changes nothing. */
export async function disagreement({ store, repositories }: CompareDeps): Promise<string | null> {
  try {
    const mark = await requireOwn({ store, repositories });
    await requirePoint(store, repositories, mark);
    return null;
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

/** After a reindex, which has made the index follow git: the folder belongs to this database from now on. */
export async function adopt(deps: CompareDeps): Promise<void> {
  const mark = await readMark(deps.repositories.root);
  const identity = await findIdentity(deps.store.em());
  await new Standing(deps, undefined).begin(identity?.registry ?? mark?.registry);
}

/** Returns the mark of the folder. Throws `Problem` `incomplete` if the folder belongs to another registry. */
export async function requireOwn({ store, repositories }: CompareDeps): Promise<Mark | undefined> {
  const mark = await readMark(repositories.root);
  requireSame(repositories, mark, await findIdentity(store.em()));
  return mark;
}

function requireSame(
  { root }: Repositories,
  mark: Mark | undefined,
  identity: { registry: string } | null,
): void {
  if (mark && identity && mark.registry !== identity.registry) throw foreign(root);
}

async function requirePoint(store: Store, { root }: Repositories, mark: Mark | undefined) {
  if (!mark?.point || (await hasPoint(store.em(), mark.point))) return;
  const newest = await newestPoint(store.em());
  throw new Problem(
    'incomplete',
    `The database is older than the repositories in ${root}. The audit trail in the database ends at entry ${newest?.id ?? 0}, but the repositories refer to entry ${mark.point.id}. Use the newest database. If no newer database exists (for example after a power cut), run registry reindex. Definitions and versions are then complete again, but all other changes after entry ${newest?.id ?? 0} are lost. For details, see docs/reliability.md.`,
  );
}

/** One of the two has no identity: an older registry, or something is new or absent. */
async function requireBelonging(
  deps: CompareDeps,
  isMarked: boolean,
  isIdentified: boolean,
): Promise<void> {
  const { store, repositories } = deps;
  const { root } = repositories;
  const names = await repositories.list();
  const known = await knownDefinitions(store.em());
  if (names.length === 0 && known.length > 0) {
    throw new Problem(
      'incomplete',
      `The folder ${root} is empty, but the database has ${known.length} definitions. Mount the disk of this folder, or put the folder back from a backup. To delete the definitions instead: registry reindex --delete-missing`,
    );
  }
  if (names.length > 0 && known.length === 0 && !(await hasUsers(store.em()))) {
    throw new Problem(
      'incomplete',
      `The database is new, but ${root} has ${names.length} repositories. Check DATABASE_URL and DATA_DIR. If the database was lost, restore the last backup; docs/reliability.md says how to keep the newer repositories. Without a backup: registry reindex, then registry user add NAME --admin`,
    );
  }
  if (!isMarked && !isIdentified) return;
  const [found] = await compare(deps, { versions: true });
  if (!found) return;
  throw new Problem(
    'incomplete',
    `The repositories in ${root} do not belong to this database: ${isMarked ? 'the database does not know them' : 'their mark is missing'}, and ${found.name}: ${found.problem}. Check DATABASE_URL and DATA_DIR. If they do belong together: registry reindex`,
  );
}

/**
 * Whether the folder has seen the newest entry of the audit trail, and only a registry has added or removed repositories
 * since. Then no repository is older than the database.
 */
async function isAtMark({ store, repositories }: CompareDeps, mark?: Mark): Promise<boolean> {
  if (!mark?.point || !(await repositories.isUntouched())) return false;
  return (await newestPoint(store.em()))?.id === mark.point.id;
}

/** Throws `Problem` `incomplete` if one is older than the database. */
async function areRecentDamaged({ store, repositories }: CompareDeps): Promise<boolean> {
  const ids = new Set(await recentDefinitions(store.em(), RECENT));
  const changing = await repositories.journaled();
  const older: string[] = [];
  let isDamaged = false;
  for (const row of await knownDefinitions(store.em(), [...ids])) {
    if (changing.includes(row.name)) continue;
    const difference = await differenceOf(repositories, row);
    isDamaged ||= difference !== null;
    if (difference?.kind === 'older') older.push(`${row.name}: ${difference.problem}`);
  }
  if (older.length === 0) return isDamaged;
  throw new Problem(
    'incomplete',
    `The repositories in ${repositories.root} are older than the database. ${older.join('. ')}`,
  );
}

/** The key that the database knows must be in the list: older keys, or keys of another registry, lack it. */
async function agreeOnKeys(
  { store, signingKeys }: AgreementDeps,
  identity: { signing_key: string | null } | null,
): Promise<void> {
  if (!identity) return;
  const keys = await signingKeys.known();
  const newest = keys.at(-1)?.fingerprint ?? null;
  const { signing_key } = identity;
  if (signing_key !== null && !keys.some(({ fingerprint }) => fingerprint === signing_key)) {
    throw new Problem(
      'incomplete',
      `The keys are older than the database, or belong to another registry: keys/signing-keys.json does not list the last signing key, ${signing_key}. Put the newest keys folder back from a backup, or run registry keys new. After registry keys new, lab computers accept nothing new until they are enrolled again.`,
    );
  }
  if (newest !== null && newest !== signing_key) await noteSigningKey(store.em(), newest);
}

/** No new definition may get an id that only git has. */
async function advancePast(
  { store, repositories }: CompareDeps,
  found: readonly Difference[],
): Promise<void> {
  let highest = 0;
  for (const { name } of found.filter(({ kind }) => kind === 'unknown')) {
    try {
      highest = Math.max(highest, await idIn(await repositories.open(name)));
    } catch (error) {
      // It is not a repository of the registry; the difference is reported.
      if (!(error instanceof RepositoryError || error instanceof RecordError)) throw error;
    }
  }
  if (highest > 0) await advanceDefinitionIds(store.em(), highest);
}

class Standing implements Agreement {
  readonly #deps: CompareDeps;
  #mark: Mark | undefined;
  #isDoubtful = false;
  #differences: Promise<Difference[]> | undefined;

  constructor(deps: CompareDeps, mark: Mark | undefined) {
    this.#deps = deps;
    this.#mark = mark;
  }

  /** Compares only if others than a registry have changed the folder since everything agreed. */
  differences(): Promise<Difference[]> {
    this.#differences ??= this.#compare().finally(() => {
      this.#differences = undefined;
    });
    return this.#differences;
  }

  async #compare(): Promise<Difference[]> {
    const { repositories } = this.#deps;
    if (!this.#isDoubtful && (await repositories.isUntouched())) return [];
    const stamp = await repositories.stamp();
    const found = await compare(this.#deps, { versions: true });
    this.#isDoubtful = found.length > 0;
    if (!this.#isDoubtful) await repositories.trust(stamp);
    return found;
  }

  /** Makes the next comparison a full one. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  async begin(registry: string = randomUUID()): Promise<void> {
    const { store } = this.#deps;
    await writeIdentity(store.em(), registry);
    const identity = await findIdentity(store.em());
    this.#mark = { registry: identity?.registry ?? registry, point: null };
    await this.keep();
  }

  async keep(): Promise<void> {
    if (!this.#mark) return;
    const { store, repositories } = this.#deps;
    const point = await newestPoint(store.em());
    const next: Mark = { ...this.#mark, point };
    if (this.#mark.point && point?.id === this.#mark.point.id) return;
    const path = join(repositories.root, REGISTRY, MARK);
    await replaceFile(path, `${path}.${process.pid}`, `${JSON.stringify(next)}\n`);
    this.#mark = next;
  }
}

async function readMark(root: string): Promise<Mark | undefined> {
  const text = await readIfThere(join(root, REGISTRY, MARK));
  if (text === undefined) return undefined;
  try {
    const mark = JSON.parse(text) as Mark;
    return typeof mark.registry === 'string' ? mark : undefined;
  } catch {
    // As if it were missing: everything is compared.
    return undefined;
  }
}

const foreign = (root: string): Problem =>
  new Problem(
    'incomplete',
    `The repositories in ${root} belong to another registry than the database. Check DATA_DIR and DATABASE_URL: both must belong to the same registry.`,
  );
