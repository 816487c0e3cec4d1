import { Migration } from '@mikro-orm/migrations';

/**
 * Each stamp has the number of the change that it was last changed by, so that a process that keeps anything about a list
 * can ask what has changed since (registry/store/follow.ts).
 */
export class NumberedStamps extends Migration {
  override up(): void {
    for (const sql of statements) this.addSql(sql);
  }
}

const statements = [
  // Null until the transaction of the change numbers it.
  'alter table sync_stamps add column changed int',
  'update sync_stamps set changed = 0',
  'create index sync_stamps_changed_index on sync_stamps (changed)',
  `create or replace function stamp_sync(of_kind text, of_ids int[]) returns void language sql as $$
     insert into sync_stamps (kind, id, stamp, number)
     select of_kind, ids.id, gen_random_uuid(), 1
       from (select distinct id from unnest(of_ids) as given (id) where id is not null order by id) ids
     on conflict (kind, id) do update
       set stamp = excluded.stamp, number = sync_stamps.number + 1, changed = null
   $$`,
  // Numbers the stamps that the transaction has changed: with its audit entry, or without one with a number that no entry
  // gets; the newest of these is kept in a row of its own, because a stamp can be deleted. The lock is that of the audit
  // chain, so numbers become visible in their order. Stamps that another transaction has locked are not ours, and waiting
  // for them could deadlock.
  `create function number_stamps(entry int) returns table (of_kind text, of_id int, changed_by int)
   language plpgsql as $$
   declare
     news int := entry;
   begin
     if not exists (select from sync_stamps where changed is null) then
       return;
     end if;
     if news is null then
       perform pg_advisory_xact_lock(7301002);
       news := nextval('audit_events_id_seq');
       perform pg_notify('registry_audit', news::text), set_config('registry.numbered', 'yes', true);
       insert into sync_stamps (kind, id, stamp, changed) values ('unaudited', 0, gen_random_uuid(), news)
         on conflict (kind, id) do update set changed = excluded.changed;
     end if;
     return query
       update sync_stamps set changed = news
         from (select kind, id from sync_stamps where changed is null for update skip locked) ours
        where sync_stamps.kind = ours.kind and sync_stamps.id = ours.id
       returning sync_stamps.kind, sync_stamps.id, news;
   end $$`,
  `create function stamp_timeline() returns trigger language plpgsql as $$
   begin
     perform stamp_sync('timeline', array[0]);
     return null;
   end $$`,
  `create trigger timelines_stamp after insert or update on timelines
     for each row execute function stamp_timeline()`,
  // Changes by SQL, which nobody numbers. The triggers of 0021 do not look at this setting: a change of rights without an
  // entry is unaudited, whether its stamps are numbered or not.
  `create function notice_unnumbered() returns trigger language plpgsql as $$
   begin
     if current_setting('registry.audited', true) is distinct from 'yes'
        and current_setting('registry.numbered', true) is distinct from 'yes' then
       perform pg_notify('registry_audit', 'everything');
     end if;
     return null;
   end $$`,
  `create constraint trigger sync_stamps_unaudited after insert or update on sync_stamps
     deferrable initially deferred for each row when (new.changed is null) execute function notice_unnumbered()`,
];
