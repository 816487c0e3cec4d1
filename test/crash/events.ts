/** The stream of events tells of everything that the audit trail has, also of what a repair has completed. */
import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import type { AuditEvent } from '../../registry/schemas/audit.ts';
import { bearer, readEvents } from '../helpers/events.ts';
import { clientOf, type World } from './world.ts';

const TOLD = /^(merge_request\.|definition\.(landed|overridden|mended))/;

/** Reads the stream from an old position, as a reader does that reconnects. The violations, one sentence each. */
export async function untold(
  t: Pick<Test, 'teardown'>,
  { admin, labId }: World,
  url: string,
): Promise<string[]> {
  const { items } = await clientOf(url, admin).audit({ lab_id: labId, per_page: 200 });
  const oldest = items.at(-1)?.id ?? 0;
  const wanted = items.filter(({ id, action }: AuditEvent) => id > oldest && TOLD.test(action));
  const reader = await readEvents(t, url, { ...bearer(admin), 'last-event-id': `${oldest}` });
  await reader.isPast((wanted[0]?.id ?? 1) - 1);
  reader.close();
  const due = wanted.map(({ id }) => id).toReversed();
  const told = reader.events.map(({ id }) => id).filter((id) => due.includes(id));
  return isDeepStrictEqual(told, due) ? [] : [`the events are ${told}, not ${due}`];
}
