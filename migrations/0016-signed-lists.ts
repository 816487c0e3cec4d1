import { Migration } from '@mikro-orm/migrations';

/** What signed lists are numbered by, and that a version stands again though it was revoked. */
export class SignedLists extends Migration {
  override up(): void {
    for (const sql of [...stamps, ...verdicts, ...timelines]) this.addSql(sql);
  }
}

/**
 * Each stamp counts how often it changed. The row is locked when it counts on, so that a number that was seen is never
 * given to another state; the sum of the stamps of a list rises with each change of it.
 */
const stamps = [
  'alter table sync_stamps add column number bigint not null default 0',
  `create or replace function stamp_sync(of_kind text, of_ids int[]) returns void language sql as $$
     insert into sync_stamps (kind, id, stamp, number)
     select of_kind, ids.id, gen_random_uuid(), 1
       from (select distinct id from unnest(of_ids) as given (id) where id is not null order by id) ids
     on conflict (kind, id) do update set stamp = excluded.stamp, number = sync_stamps.number + 1
   $$`,
  // A computer that moves takes the count of the lab that it leaves along, with room for what changes there meanwhile.
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
