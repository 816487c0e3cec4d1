/**
 * Brings the database's index of one repository up to what git holds. Idempotent: landing calls it, the
 * repair of a crash calls it, and reindex is nothing but calling it for every repository.
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
  ensureLab,
  ensureUser,
  lockDefinition,
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
  /** Versions that the index did not have before, oldest first. */
  added: LandedVersion[];
  /** Merge requests that it did not know to have landed. */
  merged: ReadonlySet<number>;
}

export interface IndexOptions {
  /** Writes the versions that are known too, and counts them as added. */
  everyVersion?: boolean;
  /** What commits hold, as far as that has been read already. */
  contents?: ReadonlyMap<Oid, ReadContent>;
  /** What else belongs into the same transaction (the audit trail); called last. */
  also?: (em: EntityManager, indexed: Indexed) => Promise<void>;
}

/**
 * Git is read before the transaction, for the embedded database has one connection only. Inside it a lock on
 * the definition lets concurrent callers in one after the other, and what has moved since is read anew: the last
 * one always writes the newest. Throws `RecordError` where the repository is not whole or not of this product.
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
  const before = await readAll(repository, contentAt, (id) => knownIn(store.em(), id));
  return await store.transaction(async (em) => {
    await lockDefinition(em, before.definition.id);
    const known = await knownIn(em, before.definition.id);
    const same = (await repository.refs()) === before.refs && known >= before.known;
    const now = same ? before : await readAll(repository, contentAt, async () => known);
    const added = now.versions.filter(({ record }) => record.version > known);
    await ensurePeople(em, now.state, added);
    await upsertDefinition(em, now.definition);
    const merged = await markMerged(em, now.definition.id, added);
    await upsertVersions(
      em,
      added.map((version) => versionRow(now.state, version)),
    );
    if (known > 0) await setVerdicts(em, now.definition.id, now.state);
    const indexed = { definition: now.definition, state: now.state, added, merged };
    await options.also?.(em, indexed);
    return indexed;
  });
}

interface Reading {
  refs: Refs;
  state: DefinitionState;
  /** How many versions the index had. */
  known: number;
  /** Those beyond, oldest first, and the newest in any case. */
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

/** What a commit holds. Git has it already, so the index says as much of it as can be read; no commit holds nothing. */
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

/** Whether a merge request has landed is what the versions say, so that no crash parts the two. */
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
