/**
 * A landing writes new versions to git first, and then updates the index (see docs/decisions). The journal entry exists
 * from before the refs move until the database is updated. After a crash in between, the next start repairs the index.
 */

import { randomUUID } from 'node:crypto';
import { RepositoryError } from '../../../repos/errors.ts';
import type {
  Incoming,
  ObjectReader,
  Oid,
  Repository,
  Signature,
  Tip,
} from '../../../repos/types.ts';
import { visible, visibleLine } from '../../../text/hidden.ts';
import { STATE, versionRef } from '../../../text/refs.ts';
import type { ReadContent } from '../../definitions/content.ts';
import { keepUnder } from '../../definitions/landed-under.ts';
import {
  type Approval,
  type DefinitionState,
  landingMessage,
  type NamedRecord,
  type Override,
  parseRecord,
  writeRecord,
  writeState,
} from '../../definitions/record.ts';
import type { Files } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import type { AuditAction } from '../../schemas/audit-actions.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditLanded, auditState } from '../audit/entries.ts';
import { accountOf, authorOf, type Caller, personOf, REGISTRY } from '../caller.ts';
import { filesOf, readState } from '../content/files.ts';
import type { LandingDeps } from '../deps.ts';
import {
  type Basis,
  findRevokedTwin,
  landedUnder,
  locksBasis,
  requireUnchanged,
  revokedText,
} from './basis.ts';
import { type Indexed, indexRepository } from './index-repository.ts';
import { type Intent, type Step, withIntents } from './transaction.ts';

export interface NewVersion {
  commit: Oid;
  author: { name: string; email: string };
  summary: string;
  overrides?: Override[];
  /** The content of the commit's files, if the caller has already read it. */
  content?: ReadContent;
  /** The merge request that lands as this version, and its approvals. */
  review?: { mergeRequest: number; approvals: Approval[] };
}

export interface LandingOrder {
  repository: Repository;
  /** The repository's tip when the change was made and checked. */
  from: Pick<Tip, 'head' | 'version'>;
  /** The new versions, oldest first. Empty if only the definition's state changes. */
  versions: NewVersion[];
  /** The new state of the definition, and the commit of the state that it replaces. */
  state?: { from: Oid | null; to: DefinitionState };
  /** The objects of the versions, if they are not in the repository yet. */
  incoming?: Incoming;
  /** The audit entry for the change of state. */
  event?: { action: AuditAction; before: object; after: object };
  /** What the database records before git changes, so that no conflicting change can come in between. */
  intent?: Intent;
  /** Merge requests that change in the same transaction. */
  steps?: Step[];
  /** The basis of the decision that allowed the landing. Null if the registry itself lands. */
  judged: Basis | null;
  /** The permissions granted to the new versions. By default, the permissions of the version before. */
  grants?: readonly string[];
}

export interface Landed extends Indexed {
  /** The newest version of this landing. `definition` may already describe a later one. */
  version: number;
}

/** Lands versions and a change of state together. Throws `Problem` `conflict` if another change came first. */
export async function land(
  deps: LandingDeps,
  caller: Caller,
  order: LandingOrder,
): Promise<Landed> {
  const { store, repositories } = deps;
  const { repository, event, intent, steps = [] } = order;
  await requireOwnTags(repository, order);
  const contents = await contentsOf(deps, caller, order);
  const facts = await readGitFacts(order, contents);
  // The disk is waited for only when the refs move, which takes the error if there is one.
  const written = order.incoming?.keep();
  written?.catch(() => undefined);
  try {
    await repositories.addJournalEntry(repository.name);
    const intents = intent ? [intent, ...steps] : steps;
    await withIntents(deps, repository.name, intents, async () => {
      const move = (em: EntityManager) => moveRefs(deps, em, caller, order, facts, written);
      // The basis of the decision stays locked until the refs have moved.
      await (locksBasis(caller, order.judged) ? store.hold(move) : move(store.em()));
    });
  } catch (error) {
    if (!(error instanceof RepositoryError) || error.code !== 'ref_conflict') throw error;
    // A ref that was changed with git becomes visible when the registry writes refs.
    await requireOwnTags(repository, order);
    throw new Problem(
      'conflict',
      `${repository.name} has changed in the meantime. Read it again and repeat your change.`,
      undefined,
      { cause: error },
    );
  } finally {
    await Promise.allSettled([written]);
  }
  const own = new Set(order.versions.map(({ commit }) => commit));
  try {
    const indexed = await indexRepository(deps, repository, {
      known: order.from.version,
      contents: new Map([...contents].map(([commit, { content }]) => [commit, content])),
      async also(em, indexed) {
        await auditLanded(em, indexed, ({ commit }) => (own.has(commit) ? caller : undefined));
        for (const step of steps) await step.finish(em);
        if (event) await auditState(em, indexed, caller, event);
      },
    });
    await repositories.removeJournalEntry(repository.name);
    return { ...indexed, version: order.from.version + order.versions.length };
  } catch (error) {
    // The refs have moved. A repair updates the index, in this process or another (repair/watch.ts).
    await repositories.leaveJournalEntry(repository.name);
    throw error;
  }
}

/** The content and the permissions of a commit that is about to land. */
interface CommitContent {
  content: ReadContent;
  permissions: string[];
}

/**
 * Reads the content of all new versions before any ref moves, so that files that take too long to read cannot land. The
 * index update uses the same content.
 */
async function contentsOf(
  { analysis }: LandingDeps,
  caller: Caller,
  { repository, incoming, from, versions, grants }: LandingOrder,
): Promise<ReadonlyMap<Oid, CommitContent>> {
  const { name } = repository;
  const account = accountOf(caller);
  const granted = grants ?? (await permissionsAt(repository, from.version));
  const contents = new Map<Oid, CommitContent>();
  for (const { commit, content: known } of versions) {
    let loaded: Files | undefined;
    const files = async (): Promise<Files> => {
      loaded ??= await filesOf(incoming?.objects ?? repository, commit);
      return loaded;
    };
    const content = known ?? (await analysis.ask(account, 'readContent', name, await files()));
    const permissions =
      granted.length === 0
        ? []
        : await analysis.ask(account, 'permissionsKept', name, await files(), granted);
    contents.set(commit, { content, permissions });
  }
  return contents;
}

/** The input of a landing that comes from git. This input is read before the database locks anything. */
interface GitFacts {
  state: DefinitionState;
  stateAt: Oid | null;
  /** The permissions of each version. */
  permissions: string[][];
}

async function readGitFacts(
  { repository, ...order }: LandingOrder,
  contents: ReadonlyMap<Oid, CommitContent>,
): Promise<GitFacts> {
  const founding = order.state?.from === null ? order.state.to : undefined;
  const { state, from: stateAt } = founding
    ? { state: founding, from: null }
    : await readState(repository);
  await requireCanLand(repository, order.incoming?.objects ?? repository, state, order.versions);
  const permissions = order.versions.map(({ commit }) => contents.get(commit)?.permissions ?? []);
  return { state, stateAt, permissions };
}

/**
 * Moves all refs in one transaction. The transaction fails if `main` is no longer at `from`, because the version
 * numbers continue from there, or if the state of the definition has changed since it was checked.
 */
async function moveRefs(
  { signingKeys }: LandingDeps,
  em: EntityManager,
  caller: Caller,
  { repository, from, judged, ...order }: LandingOrder,
  { state, stateAt, permissions }: GitFacts,
  written: Promise<void> | undefined,
) {
  const now = await signingKeys.date();
  const labId = state.lab?.id ?? null;
  const lab = await requireUnchanged(em, caller, repository.name, labId, judged);
  const whose = { id: state.id, name: repository.name };
  const before = order.state?.to ?? state;
  const { sha256, kept } = keepUnder(before.landed_under ?? {}, landedUnder(lab), randomUUID());
  const isNew = order.versions.length > 0 && kept !== before.landed_under;
  const changed = order.state || isNew;
  const after = isNew ? { ...before, landed_under: kept } : before;
  const unmoved = changed || stateAt === null ? [] : [{ ref: STATE, from: stateAt, to: stateAt }];
  await repository.land({
    head: from.head,
    versions: order.versions.map((version, i) => ({
      commit: version.commit,
      record: writeRecord({
        ...whose,
        ...recordOf(version, from.version + 1 + i, caller, now.toISOString()),
        landed_under: { sha256 },
        permissions: permissions[i] ?? [],
      }),
    })),
    tagger: { ...REGISTRY, at: now },
    ...(written && { kept: written }),
    also: [...unmoved, ...(order.steps ?? []).flatMap(({ updates }) => updates)],
    ...(changed && {
      state: { from: order.state ? order.state.from : stateAt, text: writeState(after) },
    }),
  });
}

/**
 * Throws `conflict` if the definition was archived, or the content revoked, after the decision was made.
 */
async function requireCanLand(
  repository: Repository,
  objects: ObjectReader,
  state: DefinitionState,
  versions: readonly NewVersion[],
): Promise<void> {
  if (versions.length === 0) return;
  if (state.archived_at !== null) {
    throw new Problem('conflict', `${repository.name} is archived. Unarchive it first.`);
  }
  for (const { commit } of versions) {
    const again = await findRevokedTwin(repository, state, await objects.readCommit(commit));
    if (again) throw new Problem('conflict', revokedText(again));
  }
}

/**
 * Throws `incomplete` if the tags do not number the commits of `main`, because somebody has moved a ref with git. The
 * number of the next version comes from the tags, so it would be wrong. Checks only the two newest versions: `registry
 * fsck` checks all.
 */
async function requireOwnTags(
  repository: Repository,
  { from, versions }: Pick<LandingOrder, 'from' | 'versions'>,
): Promise<void> {
  const { head, version } = await repository.tip();
  // If another landing has moved `main` since `from` was read, this landing ends with a conflict.
  if (versions.length === 0 || head === null || head !== from.head) return;
  const refs = await repository.refs();
  const commitOf = (n: number) => refs.get(versionRef(n))?.peeled;
  const { parents } = await repository.readCommit(head);
  if (commitOf(version) === head && (version < 2 || commitOf(version - 1) === parents[0])) return;
  throw new Problem(
    'incomplete',
    `The tags of ${repository.name} do not fit its commits: v${version} is not the newest commit of main, or v${version - 1} is not the commit before it. Somebody has moved a tag or main with git. Nothing was saved. Tell a site admin: registry fsck names the refs, and a backup has the right ones. After the repair with git, run: registry maintain`,
  );
}

/** The permissions that the record of a version lists. */
async function permissionsAt(repository: Repository, version: number): Promise<readonly string[]> {
  const before = version === 0 ? undefined : await repository.version(version);
  return before ? (parseRecord(before.record).permissions ?? []) : [];
}

/** The record of a new version. Pushed or imported commits may contain hidden characters, so these are escaped. */
function recordOf(
  { commit, author, summary, overrides, review }: NewVersion,
  version: number,
  caller: Caller,
  landedAt: string,
): Omit<NamedRecord, 'id' | 'name'> {
  return {
    version,
    commit,
    author: { name: visibleLine(author.name), email: visibleLine(author.email) },
    landed_by: personOf(caller),
    landed_at: landedAt,
    change_summary: visible(summary),
    approvals: review?.approvals ?? [],
    merge_request: review?.mergeRequest ?? null,
    overrides: overrides ?? [],
  };
}

export interface CommitOrder {
  summary: string;
  overrides: Override[];
  /** The author of the commit. By default, the caller. */
  author?: Signature;
  /** The content of the files after `changes`, if the caller has already read it. */
  content?: ReadContent;
}

/** Makes the commit of a save: applies `changes` to the files of `head`. Returns what an order to land it needs. */
export async function commitFiles(
  repository: Repository,
  caller: Caller,
  head: string | null,
  changes: ReadonlyMap<string, Uint8Array | null>,
  { summary, overrides, author, content }: CommitOrder,
): Promise<Pick<LandingOrder, 'versions' | 'incoming'>> {
  const committer = { ...authorOf(caller), at: new Date() };
  const { commit, ...incoming } = await repository.draft({
    parent: head,
    changes,
    author: author ?? committer,
    committer,
    message: landingMessage(summary, [
      ['Landed-by', `${committer.name} <${committer.email}>`],
      ...overrides.map(({ code, message }): [string, string] => ['Override', `${code} ${message}`]),
    ]),
  });
  const { name, email } = author ?? committer;
  const version = { commit, author: { name, email }, summary, overrides };
  return { versions: [{ ...version, ...(content && { content }) }], incoming };
}
