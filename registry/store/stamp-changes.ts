/**
 * Which stamps of lists (sync.ts) have changed. Changes are numbered in the order of the audit trail, including those
 * that have no entry in it, such as the settings that a computer reports.
 */
import type { EntityManager } from './types.ts';

/** The kind and id of a stamp, such as `lab 3`. */
export type StampName = string;

/**
 * Numbers the stamps that this transaction has changed; call it last. `entry` is the transaction's audit entry; without one
 * the stamps get the next number. Gives the number, if there is one, and the stamps.
 */
export async function numberStamps(
  em: EntityManager,
  entry: number | undefined,
): Promise<{ last: number | undefined; stamps: StampName[] }> {
  const rows = await em.execute<{ of_kind: string; of_id: number; changed_by: number }[]>(
    'select * from number_stamps(?)',
    [entry ?? null],
  );
  return {
    last: entry ?? rows[0]?.changed_by,
    stamps: rows.map(({ of_kind, of_id }) => `${of_kind} ${of_id}`),
  };
}

/** Whether the schema numbers stamps; a backup is restored at its own, maybe older schema. */
export async function numbersStamps(em: EntityManager): Promise<boolean> {
  const [row] = await em.execute<[{ is_there: boolean }]>(
    `select to_regclass('sync_stamps_changed_index') is not null as is_there`,
  );
  return row.is_there;
}

/** SQL: the number of the newest change that has been committed; 0 if there is none. */
export const NEWEST_CHANGE = `greatest(
  (select coalesce(max(id), 0) from audit_events), (select coalesce(max(changed), 0) from sync_stamps))::int`;

/**
 * The number of the newest change, and the stamps that changed after number `after`. Changes become visible in their
 * order, so every change up to the newest is included.
 */
export async function changesAfter(
  em: EntityManager,
  after: number,
): Promise<{ newest: number; stamps: StampName[] }> {
  const [row] = await em.execute<[{ newest: number; stamps: StampName[] }]>(
    `select ${NEWEST_CHANGE} as newest,
            (select coalesce(json_agg(kind || ' ' || id), '[]') from sync_stamps
              where changed > ? or changed is null) as stamps`,
    [after],
  );
  return row;
}
