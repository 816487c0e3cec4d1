/** Reads and writes timelines. A new timeline begins with each restore from a backup (see `Timeline`). */
import { Timeline } from './entities/index.ts';
import type { EntityManager } from './types.ts';

/** Creates the first timeline if there is none. */
export async function beginFirstTimeline(em: EntityManager): Promise<void> {
  await em.execute(
    `insert into timelines (id, timeline, base, began_at)
     values (1, gen_random_uuid(), floor(extract(epoch from clock_timestamp()) * 1000), clock_timestamp())
     on conflict (id) do nothing`,
  );
}

/**
 * Begins a timeline. Lists of the new timeline have higher numbers than all earlier lists of this database, and of the
 * database from which the backup was made.
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

/** Stores that a person has confirmed the timeline, so that computers follow it. */
export async function confirmTimeline(em: EntityManager, { id }: Timeline, by: string) {
  await em.nativeUpdate(Timeline, { id }, { confirmed_at: new Date(), confirmed_by: by });
}
