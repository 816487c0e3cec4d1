import { createHash } from 'node:crypto';
import { type FilterQuery, raw } from '@mikro-orm/core';
import type { Json } from '../definitions/types.ts';
import type { AuditAction } from '../schemas/audit-actions.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Key } from './cursor.ts';
import { AuditEvent } from './entities/index.ts';
import { listEntities } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** An audit entry before it is appended. `appendAudit` adds its id, its time and the hashes that chain it to the others. */
export interface AuditEntry {
  actor_id: number | null;
  actor: string;
  action: AuditAction;
  subject_type: string;
  subject_id: number | null;
  subject: string;
  lab_id: number | null;
  /** The subject before and after the action, as the API describes it. */
  before?: Json | object;
  after?: Json | object;
  address: string | null;
  token_name: string | null;
}

export interface AuditFilters {
  actor_id?: number | undefined;
  actor?: string | undefined;
  action?: string | undefined;
  subject_type?: string | undefined;
  subject_id?: number | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  /** Finds only entries of these labs, for callers who administer only some labs. */
  lab_ids?: number[] | undefined;
}

/**
 * Appends an entry within the caller's transaction. Locks the chain of entries until the transaction ends, so that all
 * processes append in one order. Must be called just before the commit, because other transactions wait for the lock.
 */
export async function appendAudit(em: EntityManager, entry: AuditEntry): Promise<AuditEvent> {
  const [next] = await em.execute<[{ id: number; previous_hash: string | null }]>(
    'select id, previous_hash from begin_audit_entry()',
  );
  const unsealed = {
    ...entry,
    id: next.id,
    at: new Date(),
    before: (entry.before ?? null) as Json,
    after: (entry.after ?? null) as Json,
    previous_hash: next.previous_hash ?? chainStart,
  };
  const event = { ...unsealed, hash: hashOf(unsealed) };
  await em.insert(AuditEvent, event);
  appended.get(em.getTransactionContext() ?? em)?.push(event);
  return event;
}

const appended = new WeakMap<object, AuditNews[]>();

/** Returns a list that receives every entry that the transaction of `em` appends from now on. */
export function entriesAppendedIn(em: EntityManager): readonly AuditNews[] {
  const entries: AuditNews[] = [];
  appended.set(em.getTransactionContext() ?? em, entries);
  return entries;
}

/**
 * The database channel on which a commit announces the id of each new entry. A change of rights without an entry sends
 * `UNAUDITED` (migrations/0021-unaudited-changes.ts).
 */
export const auditChannel = 'registry_audit';
export const UNAUDITED = 'everything';

/** The id of the newest entry, or 0 if there is none. Entries become visible in the order of their ids. */
export async function newestAuditId(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ id: number }]>(
    'select coalesce(max(id), 0)::int as id from audit_events',
  );
  return row.id;
}

/** How often each action occurs in the entries after the first `known` ones. */
export async function countActionsAfter(
  em: EntityManager,
  known: number,
): Promise<Record<string, number>> {
  const rows = await em.execute<{ action: string; count: number }[]>(
    `select action, count(*)::int as count
       from (select action from audit_events order by id offset ?) later
      group by action order by action`,
    [known],
  );
  return Object.fromEntries(rows.map(({ action, count }) => [action, count]));
}

/** An entry without its hashes. */
export type AuditNews = Omit<AuditEvent, 'previous_hash' | 'hash' | symbol>;

/** The first `limit` entries with ids above `after` (and not above `last`, if given), oldest first. */
export async function auditSince(
  em: EntityManager,
  { after, last, limit }: { after: number; last?: number; limit: number },
): Promise<AuditNews[]> {
  return await em.find(
    AuditEvent,
    { id: { $gt: after, ...(last !== undefined && { $lte: last }) } },
    { exclude: ['previous_hash', 'hash'], orderBy: { id: 'asc' }, limit },
  );
}

const NEWEST_FIRST: Key[] = [{ column: 'id', kind: 'number', descending: true }];

/** A page of audit entries, newest first. */
export async function listAudit(
  em: EntityManager,
  options: Page & { filters?: AuditFilters },
): Promise<Listed<AuditEvent>> {
  return await listEntities(em, AuditEvent, matching(options.filters ?? {}), NEWEST_FIRST, options);
}

/** Yields every entry that matches the filters, oldest first. Only one page of entries is in memory at a time. */
export async function* streamAudit(
  em: EntityManager,
  filters: AuditFilters = {},
): AsyncGenerator<AuditEvent> {
  let last = 0;
  for (;;) {
    const page = await em
      .fork({ keepTransactionContext: true })
      .find(
        AuditEvent,
        { $and: [matching(filters), { id: { $gt: last } }] },
        { orderBy: { id: 'asc' }, limit: streamPage },
      );
    yield* page;
    const end = page.at(-1);
    if (!end || page.length < streamPage) return;
    last = end.id;
  }
}

/**
 * Verifies the chain from its start. Returns null if the chain is intact, otherwise the id of the first entry with a
 * wrong hash. The chain alone cannot show whether its last entries were deleted.
 */
export async function verifyAuditChain(em: EntityManager): Promise<number | null> {
  let previous = chainStart;
  for await (const event of streamAudit(em)) {
    if (event.previous_hash !== previous || event.hash !== hashOf(event)) return event.id;
    previous = event.hash;
  }
  return null;
}

/** The previous hash in the first entry of the chain. */
const chainStart = '0'.repeat(64);
const streamPage = 1000;

type Sealed = Omit<AuditEvent, 'hash' | symbol>;

/** SHA-256 of the entry as JSON, with the fields in this order and the keys of nested objects sorted. */
function hashOf(event: Sealed): string {
  const text = canonicalJson([
    event.previous_hash,
    event.id,
    event.at.toISOString(),
    event.actor_id,
    event.actor,
    event.action,
    event.subject_type,
    event.subject_id,
    event.subject,
    event.lab_id,
    event.before,
    event.after,
    event.address,
    event.token_name,
  ]);
  return createHash('sha256').update(text).digest('hex');
}

function matching({
  since,
  until,
  lab_ids,
  actor,
  ...equal
}: AuditFilters): FilterQuery<AuditEvent> {
  const stated = Object.fromEntries(
    Object.entries(equal).filter(([, value]) => value !== undefined),
  );
  return {
    ...stated,
    // Usernames and computer names are unique regardless of case.
    ...(actor !== undefined && { [raw('lower(actor) = lower(?)', [actor])]: [] }),
    ...(lab_ids && { lab_id: { $in: lab_ids } }),
    at: { ...(since && { $gte: since }), ...(until && { $lt: until }) },
  };
}
