import { Migration } from '@mikro-orm/migrations';

/** Numbers the signed sync lists, and stores when a revoked version was reinstated. */
export class SignedLists extends Migration {
  override up(): void {
    for (const sql of [...stamps, ...verdicts, ...timelines]) this.addSql(sql);
  }
}

/**
 * Each stamp counts its changes. An update locks the row, so two states of a list never have the same number. Each
 * change of a list raises the sum of its stamps.
 */
const stamps = [
  'alter table sync_stamps add column number bigint not null default 0',
  `create or replace function stamp_sync(of_kind text, of_ids int[]) returns void language sql as $$
     insert into sync_stamps (kind, id, stamp, number)
     select of_kind, ids.id, gen_random_uuid(), 1
       from (select distinct id from unnest(of_ids) as given (id) where id is not null order by id) ids
     on conflict (kind, id) do update set stamp = excluded.stamp, number = sync_stamps.number + 1
   $$`,
  // A computer that moves to another lab keeps the count of its old lab. The count also gets a margin for changes made
  // during the move.
  `create or replace function stamp_computer() returns trigger language plpgsql as $$
   begin
     if tg_op = 'DELETE' then
       delete from sync_stamps where kind = 'computer' and id = old.id;
     else
       perform stamp_sync('computer', array[new.id]);
       if old.lab_id <> new.lab_id then
         update sync_stamps
            set number = number + 1000000 + coalesce(
                  (select number from sync_stamps where kind = 'lab' and id = old.lab_id), 0)
          where kind = 'computer' and id = new.id;
       end if;
     end if;
     return null;
   end $$`,
];

const verdicts = ['alter table versions add column reinstated jsonb'];

const timelines = [
  `create table timelines (
     id int primary key,
     timeline uuid not null,
     base bigint not null,
     began_at timestamptz(3) not null,
     restored_from timestamptz(3),
     confirmed_at timestamptz(3),
     confirmed_by text
   )`,
];
