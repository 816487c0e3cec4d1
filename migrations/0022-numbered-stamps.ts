import { Migration } from '@mikro-orm/migrations';

/**
 * Adds to each stamp (a mark that changes with a sync list) the number of its last change. A process that caches parts
 * of a sync list can then ask what has changed since a number (registry/store/follow.ts).
 */
export class NumberedStamps extends Migration {
  override up(): void {
    for (const sql of statements) this.addSql(sql);
  }
}

const statements = [
  // The column is null until the changing transaction numbers it.
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
  // Numbers the stamps that the transaction has changed. If the transaction has an audit entry, its stamps get the
  // number of that entry. If the transaction has no audit entry, its stamps get a number that no audit entry gets. The
  // newest of these numbers is stored in a separate row, because a stamp can be deleted. The function takes the lock of
  // the audit chain, so numbers become visible in their order. The function skips stamps that another transaction has
  // locked: they belong to that transaction, and waiting for them could deadlock.
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
  // Handles changes by SQL, which no transaction of the registry numbers. The triggers of migration 0021 ignore the
  // setting `registry.numbered`, because a change of rights without an audit entry is unaudited even if its stamps are
  // numbered.
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
