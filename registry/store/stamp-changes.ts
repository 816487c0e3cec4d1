/**
 * Numbers the changes of stamps. A stamp shows whether the data of computers' lists has changed (sync.ts). Changes and audit
 * entries have numbers from one sequence. Some changes have no audit entry, for example settings that a computer reports.
 */
import type { EntityManager } from './types.ts';

/** The kind and id of a stamp, for example `lab 3`. */
export type StampName = string;

/**
 * Numbers the stamps that this transaction has changed. Must be the last call in the transaction. Returns the number of the
 * transaction's newest change, if there is one, and the stamps.
 * @param entry the id of the transaction's audit entry, which is then the number; otherwise the stamps get the next number
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

/** Whether the schema can number stamps. During a restore, the schema is that of the backup and may be older. */
export async function numbersStamps(em: EntityManager): Promise<boolean> {
  const [row] = await em.execute<[{ is_there: boolean }]>(
    `select to_regclass('sync_stamps_changed_index') is not null as is_there`,
  );
  return row.is_there;
}

/** SQL for the number of the newest committed change, or 0 if there is none. */
export const NEWEST_CHANGE = `greatest(
  (select coalesce(max(id), 0) from audit_events), (select coalesce(max(changed), 0) from sync_stamps))::int`;

/**
 * Returns the number of the newest change, and the stamps that changed after number `after`. Changes become visible in the
 * order of their numbers, so the result includes every change up to the newest.
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
