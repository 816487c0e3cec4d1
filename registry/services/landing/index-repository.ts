/**
 * Updates the database's index of one repository from git. Landing, repair and reindex all use this code. A second run
 * changes nothing.
 */
import type { Oid, Refs, Repository } from '../../../repos/types.ts';
import { type ReadContent, unreadContent } from '../../definitions/content.ts';
import {
  type DefinitionState,
  parseRecord,
  RecordError,
  strangeness,
} from '../../definitions/record.ts';
import type { Files } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import {
  countVersions,
  ensureMentioned,
  lockForIndexing,
  type Mentioned,
  upsertDefinition,
} from '../../store/indexing.ts';
import { markMergeRequestMerged } from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { setVerdicts, upsertVersions } from '../../store/versions.ts';
import type { Analysis } from '../analysis.ts';
import { REGISTRY_ACCOUNT } from '../caller.ts';
import { filesOf, readState } from '../content/files.ts';
import { newestProposal } from '../content/history.ts';
import type { LandingDeps } from '../deps.ts';
import { type DefinitionRow, definitionRow, type LandedVersion, versionRow } from './index-rows.ts';

export interface Indexed {
  definition: DefinitionRow;
  state: DefinitionState;
  /** Versions that the update added to the index, oldest first. */
  added: LandedVersion[];
  /** Merge requests that the update marked as merged. */
  merged: ReadonlySet<number>;
}

export interface IndexOptions {
  /** Also write versions that the index already has, and count them as added. */
  everyVersion?: boolean;
  /**
   * The number of versions that the caller expects in the index. Without `known`, a query counts them. Checked under
   * the lock.
   */
  known?: number;
  /** The content of commits that the caller has already read. */
  contents?: ReadonlyMap<Oid, ReadContent>;
  /** Called under the lock, before anything is written. */
  first?: (em: EntityManager, id: number) => Promise<void>;
  /** Called last in the same transaction, for example to write the audit trail. */
  also?: (em: EntityManager, indexed: Indexed) => Promise<void>;
}

/**
 * Reads git before the transaction, because the embedded database has only one connection. The transaction locks the
 * definition and reads git again if refs have moved in the meantime, so the last concurrent call writes the newest state.
 * Throws `RecordError` if the repository is damaged or was not made by the registry.
 */
export async function indexRepository(
  { store, analysis }: LandingDeps,
  repository: Repository,
  options: IndexOptions = {},
): Promise<Indexed> {
  const knownIn = async (em: EntityManager, id: number) =>
    options.everyVersion ? 0 : await countVersions(em, id);
  const contentAt = async (commit: Oid | null) =>
    (commit === null ? undefined : options.contents?.get(commit)) ??
    (await readContent(analysis, repository, commit));
  const before = await readAll(
    repository,
    contentAt,
    async (id) => options.known ?? (await knownIn(store.em(), id)),
  );
  return await store.transaction(async (em) => {
    const { known: indexed, hasMentioned } = await lockForIndexing(
      em,
      before.definition.id,
      mentionedIn(before.state, before.versions),
    );
    await options.first?.(em, before.definition.id);
    const known = options.everyVersion ? 0 : indexed;
    const same = (await repository.refs()) === before.refs && known >= before.known;
    const now = same ? before : await readAll(repository, contentAt, async () => known);
    const added = now.versions.filter(({ record }) => record.version > known);
    if (!(same && hasMentioned)) await ensureMentioned(em, mentionedIn(now.state, added));
    await upsertDefinition(em, now.definition);
    const merged = await markMerged(em, now.definition.id, added);
    await upsertVersions(
      em,
      added.map((version) => versionRow(now.state, version)),
    );
    if (known > 0) await setVerdicts(em, now.definition.id, now.state);
    const result = { definition: now.definition, state: now.state, added, merged };
    await options.also?.(em, result);
    return result;
  });
}

interface Reading {
  refs: Refs;
  state: DefinitionState;
  /** How many versions the index had before the update. */
  known: number;
  /** The versions that the index does not have, oldest first. The newest version is always included. */
  versions: LandedVersion[];
  definition: DefinitionRow;
}

type ContentAt = (commit: Oid | null) => Promise<ReadContent>;

async function readAll(
  repository: Repository,
  contentAt: ContentAt,
  knownOf: (id: number) => Promise<number>,
): Promise<Reading> {
  const refs = await repository.refs();
  const { state } = await readState(repository);
  const { version: newest } = await repository.tip();
  const known = await knownOf(state.id);
  const versions: LandedVersion[] = [];
  for (let n = Math.max(1, Math.min(known + 1, newest)); n <= newest; n++) {
    versions.push(await readLanded(repository, contentAt, state.id, n));
  }
  const latest = versions.at(-1);
  const proposed = newestProposal(refs);
  const shown = latest?.content ?? (await contentAt(proposed));
  return { refs, state, known, versions, definition: definitionRow(state, latest, shown) };
}

/**
 * Reads the content of a commit that has already landed. If reading takes too long, the index gets only the digests of
 * the files.
 */
async function readContent(
  analysis: Analysis,
  repository: Repository,
  commit: Oid | null,
): Promise<ReadContent> {
  const { name } = repository;
  const files: Files = commit === null ? new Map() : await filesOf(repository, commit);
  try {
    return await analysis.ask(REGISTRY_ACCOUNT, 'readContent', name, files);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'too_costly') throw error;
    return unreadContent(name, files);
  }
}

/** Marks merge requests as merged from the records of versions, so a version and its merge request always agree. */
async function markMerged(em: EntityManager, definitionId: number, added: LandedVersion[]) {
  const merged = new Set<number>();
  for (const { record } of added) {
    if (record.merge_request === null) continue;
    const marked = await markMergeRequestMerged(em, definitionId, record.merge_request, {
      merged_version: record.version,
      decided_by: record.landed_by?.id ?? null,
      decided_at: new Date(record.landed_at),
    });
    if (marked) merged.add(record.merge_request);
  }
  return merged;
}

async function readLanded(
  repository: Repository,
  contentAt: ContentAt,
  id: number,
  n: number,
): Promise<LandedVersion> {
  const { name } = repository;
  const version = await repository.version(n);
  if (version === undefined) throw new RecordError(`${name} has no tag v${n}`);
  const record = parseRecord(version.record);
  const strange = strangeness(record, { id, name, version: n, commit: version.commit });
  if (strange !== null) throw new RecordError(`${name}: ${strange}`);
  return { record, tag: version.tag, content: await contentAt(version.commit) };
}

/** Labs and users that the database lacks are created with their ids from git, disabled. */
function mentionedIn(state: DefinitionState, versions: readonly LandedVersion[]): Mentioned {
  const people = [state.created_by, ...versions.map(({ record }) => record.landed_by)];
  const byId = new Map(people.filter((person) => person !== null).map((p) => [p.id, p]));
  return { lab: state.lab, people: [...byId.values()] };
}
