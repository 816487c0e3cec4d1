/**
 * Finds traces of requests that once wrote columns outside their schema. The API no longer allows this, but
 * somebody may have done it before. Each trace is a sentence that tells an administrator what to look at.
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

/** The fields that an audit entry of each action may contain. */
const NAMED: Record<string, ReadonlySet<string>> = {
  'merge_request.edited': new Set([...EDITED, 'repaired']),
  // `by`: the provider of single sign-on whose groups changed a site admin.
  'user.changed': new Set([...fieldsOf(User), 'password', 'by']),
  // `pinned`: the instruments that a new policy pinned.
  'lab.changed': new Set([...fieldsOf(Lab), 'pinned']),
  'instrument.changed': new Set(fieldsOf(Instrument)),
};

/** Audit entries with fields that entries of their action never contain. */
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
  return [`entry ${id} (${action}): ${what}, but this action does not write them`];
}

/** Rows that only such a request can have written. */
export async function findOddRows(
  em: EntityManager,
): Promise<{ where: string; problem: string }[]> {
  const mergeRequests = (await oddMergeRequests(em)).map((row) => ({
    where: `${row.definition} !${row.id}`,
    problem: describeOddity(row),
  }));
  const users = (await sessionsSetBack(em)).map(({ username, epoch, least }) => ({
    where: `user ${username}`,
    problem: `its sessions were ended ${least} times, but its counter is ${epoch}: the counter was set back, so ended sessions are valid again`,
  }));
  return [...mergeRequests, ...users];
}

function describeOddity({ state, version }: OddMergeRequest): string {
  if (state === 'merged') {
    return version === null
      ? 'is merged, but names no version'
      : `is merged as version ${version}, but there is no such version of it`;
  }
  if (version !== null) return `is ${state}, but names version ${version} as what it landed as`;
  return 'is hidden, as if it were still being opened';
}

/** Versions whose record names an approval of something other than what landed. */
export async function findUnapproved(caches: Caches, repository: Repository): Promise<string[]> {
  const found: string[] = [];
  for (const { version, commit, record } of await repository.versions()) {
    const heads = new Map(approvalsIn(record).map(({ head, by }) => [head, by.username]));
    for (const [head, username] of heads) {
      if (await isWhatLanded(caches, repository, head, commit)) continue;
      found.push(
        `v${version} differs from what ${username} approved: it has other changes than ${head}`,
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
 * Whether exactly the approved changes landed; `main` may have had some of them already. An approved head
 * that git has dropped cannot be compared.
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
