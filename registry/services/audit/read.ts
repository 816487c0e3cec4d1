/** Reads the audit trail. */

import { Readable } from 'node:stream';
import { decide } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import { AuditEvent, type AuditQuery } from '../../schemas/audit.ts';
import type { PageOf } from '../../schemas/common.ts';
import { fieldsOf, show } from '../../schemas/pick.ts';
import { parseTime } from '../../schemas/time.ts';
import { type AuditFilters, listAudit, streamAudit } from '../../store/audit.ts';
import type { AuditEvent as Row } from '../../store/entities/index.ts';
import { authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';

/** One page of the audit trail. Site admins see every entry, and lab admins see the entries of their labs. */
export async function listEvents({ store, rules }: PeopleDeps, caller: Caller, query: AuditQuery) {
  const { page, filters } = splitPage(query);
  const found = await listAudit(store.em(), {
    filters: filtersFor(caller, rules, filters),
    ...page,
  });
  return answerPage(page, found, found.items.map(showEvent));
}

/**
 * Exports the audit trail as JSON lines, oldest first. Only a few entries are in memory at a time, and a slow reader
 * slows the export down. Throws before the first line if the caller may not read the audit trail.
 */
export function exportEvents(
  { store, rules }: PeopleDeps,
  caller: Caller,
  query: AuditQuery,
): Readable {
  const { filters } = splitPage(query);
  return Readable.from(lines(streamAudit(store.em(), filtersFor(caller, rules, filters))));
}

async function* lines(events: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(showEvent(event))}\n`;
}

/** The filters of the request, limited to the labs whose entries the caller may read. */
function filtersFor(
  caller: Caller,
  rules: PeopleDeps['rules'],
  { since, until, lab_id, ...equal }: Omit<AuditQuery, keyof PageOf>,
): AuditFilters {
  authorize(caller, { on: 'site', do: 'sign-in' }, rules, 'audit trail');
  const managed = managedLabs(caller, rules);
  if (managed?.length === 0) {
    throw new Problem('forbidden', 'Only site admins and lab admins may read the audit trail.');
  }
  const lab_ids =
    lab_id === undefined
      ? managed
      : managed === undefined || managed.includes(lab_id)
        ? [lab_id]
        : [];
  return {
    ...equal,
    ...(lab_ids && { lab_ids }),
    since: timeOf(since),
    until: timeOf(until),
  };
}

const timeOf = (text: string | undefined) => (text && parseTime(text)) || undefined;

/** The labs that the caller manages. Undefined for a site admin, who manages all labs. */
function managedLabs(caller: Caller, rules: PeopleDeps['rules']): number[] | undefined {
  if (decide(caller.actor, { on: 'site', do: 'manage' }, rules).allowed) return undefined;
  if (caller.actor.kind !== 'user') return [];
  return [...caller.actor.roles.keys()].filter(
    (labId) => decide(caller.actor, { on: 'lab', do: 'manage', labId }, rules).allowed,
  );
}

const showEvent = (event: Row) => show(event, fieldsOf(AuditEvent));
