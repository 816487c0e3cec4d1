/**
 * A landing: git first, then the index (see docs/decisions). The note in the journal stands from before
 * the refs move until the database has followed, so that a crash in between is repaired at the next start.
 */

import { RepositoryError } from '../../repos/errors.ts';
import type { Oid, Repositories, Repository } from '../../repos/types.ts';
import {
  type DefinitionState,
  type Override,
  type VersionRecord,
  writeRecord,
  writeState,
} from '../definitions/record.ts';
import { Problem } from '../errors.ts';
import { appendAudit } from '../store/audit.ts';
import type { Store } from '../store/open.ts';
import { auditOf, type Caller, personOf } from './caller.ts';
import { type Indexed, indexRepository } from './index-repository.ts';

export interface LandingRooms {
  store: Store;
  repositories: Repositories;
}

export interface NewVersion {
  commit: Oid;
  author: { name: string; email: string };
  summary: string;
  overrides?: Override[];
}

export interface LandingOrder {
  repository: Repository;
  /** What `main` and its newest version were when the change was made and checked. */
  from: { head: Oid | null; version: number };
  /** Oldest first; may be empty where only the state changes. */
  versions: NewVersion[];
  /** The definition's state where it changes. */
  state?: DefinitionState;
  /** What the audit trail calls a change of state. */
  event?: { action: string; before: object; after: object };
}

/** Lands versions and state together. Throws `Problem` `conflict` where somebody else was faster. */
export async function land(
  { store, repositories }: LandingRooms,
  caller: Caller,
  order: LandingOrder,
): Promise<Indexed> {
  const { repository, from, state, event } = order;
  const now = new Date();
  const versions = order.versions.map((version, i) => ({
    commit: version.commit,
    record: writeRecord(
      repository.name,
      recordOf(version, from.version + 1 + i, caller, now.toISOString()),
    ),
  }));
  await repositories.note(repository.name);
  try {
    await repository.land({
      head: from.head,
      versions,
      tagger: { name: 'Definition Registry', email: 'registry@localhost', at: now },
      ...(state && { state: writeState(state) }),
    });
  } catch (error) {
    if (!(error instanceof RepositoryError) || error.code !== 'ref_conflict') throw error;
    await repositories.strike(repository.name);
    throw new Problem(
      'conflict',
      `${repository.name} has changed in the meantime. Read it again and repeat your change on top.`,
      undefined,
      { cause: error },
    );
  }
  const indexed = await store.transaction(async (em) => {
    const indexed = await indexRepository(em, repository);
    for (const { record } of indexed.added) {
      await appendAudit(em, {
        ...auditOf(caller),
        action: 'definition.landed',
        subject_type: 'definition',
        subject_id: indexed.definition.id,
        subject: repository.name,
        lab_id: indexed.definition.lab_id,
        before: null,
        after: { version: record.version, commit: record.commit, summary: record.change_summary },
      });
    }
    if (event) {
      await appendAudit(em, {
        ...auditOf(caller),
        action: event.action,
        subject_type: 'definition',
        subject_id: indexed.definition.id,
        subject: repository.name,
        lab_id: indexed.definition.lab_id,
        before: event.before as never,
        after: event.after as never,
      });
    }
    return indexed;
  });
  await repositories.strike(repository.name);
  return indexed;
}

function recordOf(
  { commit, author, summary, overrides }: NewVersion,
  version: number,
  caller: Caller,
  landedAt: string,
): VersionRecord {
  return {
    version,
    commit,
    author,
    landed_by: personOf(caller),
    landed_at: landedAt,
    change_summary: summary,
    approvals: [],
    merge_request: null,
    overrides: overrides ?? [],
  };
}
