import { Migration } from '@mikro-orm/migrations';

/**
 * A transaction without an audit entry whose stamps are numbered is still unaudited as far as rights are concerned: the
 * triggers of 0021 tell followers of it. Only the trigger on the stamps themselves has nothing to tell.
 */
export class UnauditedRights extends Migration {
  override up(): void {
    for (const sql of statements) this.addSql(sql);
  }
}

const statements = [
  `create or replace function number_stamps(entry int) returns table (of_kind text, of_id int, changed_by int)
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
  `create function notice_unnumbered() returns trigger language plpgsql as $$
   begin
     if current_setting('registry.audited', true) is distinct from 'yes'
        and current_setting('registry.numbered', true) is distinct from 'yes' then
       perform pg_notify('registry_audit', 'everything');
     end if;
     return null;
   end $$`,
  'drop trigger sync_stamps_unaudited on sync_stamps',
  `create constraint trigger sync_stamps_unaudited after insert or update on sync_stamps
     deferrable initially deferred for each row when (new.changed is null) execute function notice_unnumbered()`,
];
