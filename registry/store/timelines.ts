/** The registry's timelines: see `Timeline`. */
import { Timeline } from './entities/index.ts';
import type { EntityManager } from './types.ts';

/** Creates the first timeline, unless one exists. */
export async function beginFirstTimeline(em: EntityManager): Promise<void> {
  await em.execute(
    `insert into timelines (id, timeline, base, began_at)
     values (1, gen_random_uuid(), floor(extract(epoch from clock_timestamp()) * 1000), clock_timestamp())
     on conflict (id) do nothing`,
  );
}

/**
 * Starts a timeline whose numbers are higher than all numbers issued before, by this database or by the one
 * in the backup.
 */
export async function beginTimeline(em: EntityManager, restoredFrom: Date | null): Promise<void> {
  await em.execute(
    `insert into timelines (id, timeline, base, began_at, restored_from)
     select coalesce(max(id), 0) + 1, gen_random_uuid(),
            greatest(floor(extract(epoch from clock_timestamp()) * 1000),
                     coalesce(max(base), 0) + (select coalesce(sum(number), 0) from sync_stamps) + 1),
            clock_timestamp(), ?::timestamptz
       from timelines`,
    [restoredFrom?.toISOString() ?? null],
  );
}

export async function currentTimeline(em: EntityManager): Promise<Timeline | null> {
  return em.findOne(Timeline, { id: { $gt: 0 } }, { orderBy: { id: 'desc' } });
}

/** Confirms that computers may follow the current timeline. */
export async function confirmTimeline(em: EntityManager, { id }: Timeline, by: string) {
  await em.nativeUpdate(Timeline, { id }, { confirmed_at: new Date(), confirmed_by: by });
}
