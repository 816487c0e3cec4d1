/**
 * Brings the database's index of one repository up to what git holds. Idempotent: landing calls it, the
 * repair of a crash calls it, and reindex is nothing but calling it for every repository.
 */
import type { Repository } from '../../repos/types.ts';
import {
  type DefinitionState,
  parseRecord,
  parseState,
  RecordError,
} from '../definitions/record.ts';
import {
  countVersions,
  ensureLab,
  ensureUser,
  lockDefinition,
  upsertDefinition,
} from '../store/indexing.ts';
import type { EntityManager } from '../store/types.ts';
import { upsertVersions } from '../store/versions.ts';
import { filesOf } from './files.ts';
import { type DefinitionRow, definitionRow, type LandedVersion, versionRow } from './index-rows.ts';

export interface Indexed {
  definition: DefinitionRow;
  state: DefinitionState;
  /** Versions that the index did not have before, oldest first. */
  added: LandedVersion[];
}

/**
 * Call it inside a transaction: a lock on the definition makes concurrent callers read git one after
 * the other, so the last one always writes the newest. `everyVersion` writes the versions that are
 * known too (and counts them as added). Throws `RecordError` for a foreign repository.
 */
export async function indexRepository(
  em: EntityManager,
  repository: Repository,
  options: { everyVersion?: boolean } = {},
): Promise<Indexed> {
  const text = await repository.readState();
  if (text === undefined) throw new RecordError(`${repository.name} has no refs/registry/state`);
  const { id } = parseState(text);
  await lockDefinition(em, id);
  const state = parseState((await repository.readState()) as string);
  const head = await repository.head();
  const newest = await newestVersion(repository);
  const known = options.everyVersion ? 0 : await countVersions(em, id);
  const added: LandedVersion[] = [];
  for (let n = known + 1; n <= newest; n++) added.push(await landed(repository, n));
  const latest = added.at(-1) ?? (newest > 0 ? await landed(repository, newest) : undefined);
  await ensurePeople(em, state, added);
  const files = head === null ? new Map() : await filesOf(repository, head);
  const definition = definitionRow(state, latest, files);
  await upsertDefinition(em, definition);
  await upsertVersions(
    em,
    added.map((version) => versionRow(state, version)),
  );
  return { definition, state, added };
}

async function landed(repository: Repository, n: number): Promise<LandedVersion> {
  const version = await repository.version(n);
  if (version === undefined) throw new RecordError(`${repository.name} has no tag v${n}`);
  return { record: parseRecord(version.record), tag: version.tag };
}

/** The highest N of the tags `vN`; they are dense, so it is their number too. */
async function newestVersion(repository: Repository): Promise<number> {
  let newest = 0;
  for (const ref of (await repository.refs()).keys()) {
    const match = /^refs\/tags\/v(\d+)$/.exec(ref);
    if (match) newest = Math.max(newest, Number(match[1]));
  }
  return newest;
}

/** Labs and users that git knows and the database does not are made, disabled, with the ids they had. */
async function ensurePeople(
  em: EntityManager,
  state: DefinitionState,
  added: LandedVersion[],
): Promise<void> {
  if (state.lab) await ensureLab(em, state.lab);
  const people = [state.created_by, ...added.map(({ record }) => record.landed_by)];
  const byId = new Map(people.filter((person) => person !== null).map((p) => [p.id, p]));
  for (const person of byId.values()) await ensureUser(em, person);
}
