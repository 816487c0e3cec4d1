/**
 * Finds traces of a flaw of older registries: requests could write database columns that their schema does not contain.
 * Somebody may have used this flaw before it was fixed. Each trace is a sentence that tells an administrator what to
 * look at.
 */
import type { Caches } from '../../../repos/caches.ts';
import type { Repository } from '../../../repos/types.ts';
import { parseRecord, RecordError } from '../../definitions/record.ts';
import { Instrument } from '../../schemas/equipment.ts';
import { Lab, User } from '../../schemas/people.ts';
import { fieldsOf } from '../../schemas/pick.ts';
import { streamAudit } from '../../store/audit.ts';
import type { AuditEvent } from '../../store/entities/index.ts';
import { EDITED } from '../../store/merge-requests.ts';
import { type OddMergeRequest, oddMergeRequests, sessionsSetBack } from '../../store/misuse.ts';
import type { EntityManager } from '../../store/types.ts';
import { builtOn } from '../review/built-on.ts';
import { changesAgainst } from '../review/examine.ts';
import { isGone } from '../review/is-gone.ts';

/** The fields that audit entries may contain, by action. */
const NAMED: Record<string, ReadonlySet<string>> = {
  'merge_request.edited': new Set([...EDITED, 'repaired']),
  // `by` names the single sign-on provider if the user's groups there changed whether they are a site admin.
  'user.changed': new Set([...fieldsOf(User), 'password', 'by']),
  // `pinned` lists the instruments that a new policy pinned to a version.
  'lab.changed': new Set([...fieldsOf(Lab), 'pinned']),
  'instrument.changed': new Set(fieldsOf(Instrument)),
};

/** Finds audit entries with fields that their action never writes. */
export async function findForeignEntries(em: EntityManager): Promise<string[]> {
  const found: string[] = [];
  for (const action of Object.keys(NAMED)) {
    for await (const entry of streamAudit(em, { action })) found.push(...foreignIn(entry));
  }
  return found;
}

function foreignIn({ id, action, actor, subject, after }: AuditEvent): string[] {
  const named = NAMED[action];
  if (!named || after === null || typeof after !== 'object') return [];
  const foreign = Object.keys(after)
    .filter((field) => !named.has(field))
    .sort();
  if (foreign.length === 0) return [];
  const what = `${actor} wrote ${foreign.join(', ')} of ${subject}`;
  return [`entry ${id} (${action}): ${what}, but this action never writes these fields`];
}

/** Finds rows in a state that only a request with foreign columns can have written. */
export async function findOddRows(
  em: EntityManager,
): Promise<{ where: string; problem: string }[]> {
  const mergeRequests = (await oddMergeRequests(em)).map((row) => ({
    where: `${row.definition} !${row.id}`,
    problem: describeOddity(row),
  }));
  const users = (await sessionsSetBack(em)).map(({ username, epoch, least }) => ({
    where: `user ${username}`,
    problem: `its sessions were ended ${least} times, but its counter is ${epoch}. Somebody set the counter back, so ended sessions are valid again`,
  }));
  return [...mergeRequests, ...users];
}

function describeOddity({ state, version }: OddMergeRequest): string {
  if (state === 'merged') {
    return version === null
      ? 'is merged, but names no version'
      : `is merged as version ${version}, but the definition has no such version`;
  }
  if (version !== null) return `is ${state}, but its row says that it landed as version ${version}`;
  return 'is hidden, because its row says that it is still being opened';
}

/** Finds versions that differ from what the approvals in their record approved. */
export async function findUnapproved(caches: Caches, repository: Repository): Promise<string[]> {
  const found: string[] = [];
  for (const { version, commit, record } of await repository.versions()) {
    const heads = new Map(approvalsIn(record).map(({ head, by }) => [head, by.username]));
    for (const [head, username] of heads) {
      if (await isWhatLanded(caches, repository, head, commit)) continue;
      found.push(
        `v${version} differs from what ${username} approved: its changes are not those of ${head}`,
      );
    }
  }
  return found;
}

function approvalsIn(text: string) {
  try {
    return parseRecord(text).approvals;
  } catch (error) {
    // `fsck` reports such a record separately.
    if (error instanceof RecordError) return [];
    throw error;
  }
}

/**
 * Whether exactly the approved changes landed. Changes that `main` already had count as landed. The answer is true if git
 * has removed the approved head, because nothing is left to compare.
 */
async function isWhatLanded(caches: Caches, repository: Repository, head: string, commit: string) {
  try {
    const { base } = await builtOn(caches, repository, head);
    const approved = await changesAgainst(repository, base, head);
    const before = (await repository.readCommit(commit)).parents[0] ?? null;
    const landed = await changesAgainst(repository, before, commit);
    const wanted = new Map(approved.map((change) => [change.path, change.new]));
    const files = new Map(
      (await repository.files(commit)).map(({ path, mode, oid }) => [path, `${mode}:${oid}`]),
    );
    return (
      landed.every((change) => wanted.has(change.path)) &&
      approved.every((change) => (files.get(change.path) ?? null) === change.new)
    );
  } catch (error) {
    if (isGone(error)) return true;
    throw error;
  }
}
