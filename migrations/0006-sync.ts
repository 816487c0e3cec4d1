import { Migration } from '@mikro-orm/migrations';

/**
 * Adds what the sync of computers needs: a stamp for each object that sync lists depend on, the computers' reports, and
 * the history of installations.
 */
export class Sync extends Migration {
  override up(): void {
    for (const sql of [...stamps, ...triggers, ...reports]) this.addSql(sql);
  }
}

const stamps = [
  `create table sync_stamps (
     kind text not null,
     id int not null,
     stamp uuid not null,
     primary key (kind, id)
   )`,
  // The function locks rows in the order of their ids, so that two transactions on the same rows cannot deadlock.
  `create function stamp_sync(of_kind text, of_ids int[]) returns void language sql as $$
     insert into sync_stamps (kind, id, stamp)
     select of_kind, ids.id, gen_random_uuid()
       from (select distinct id from unnest(of_ids) as given (id) where id is not null order by id) ids
     on conflict (kind, id) do update set stamp = excluded.stamp
   $$`,
  `create function stamp_definition() returns trigger language plpgsql as $$
   begin
     perform stamp_sync('lab', array[old.lab_id, new.lab_id]);
     if old.is_public or old.is_builtin or new.is_public or new.is_builtin then
       perform stamp_sync('shared', array[0]);
     end if;
     return null;
   end $$`,
  `create function stamp_version() returns trigger language plpgsql as $$
   declare
     definition record;
   begin
     select lab_id, is_public or is_builtin as is_shared into definition
       from definitions where id = new.definition_id;
     perform stamp_sync('lab', array[definition.lab_id]);
     if definition.is_shared then
       perform stamp_sync('shared', array[0]);
     end if;
     return null;
   end $$`,
  `create function stamp_lab() returns trigger language plpgsql as $$
   begin
     perform stamp_sync('lab', array[new.id]);
     return null;
   end $$`,
  `create function stamp_instrument() returns trigger language plpgsql as $$
   begin
     perform stamp_sync('computer', array(
       select computer from computer_bindings where instrument_id = new.id));
     return null;
   end $$`,
  // When a computer is deleted, its bindings and its stamp are deleted with it.
  `create function stamp_binding() returns trigger language plpgsql as $$
   begin
     perform stamp_sync('computer', array(
       select id from computers where id in (old.computer, new.computer)));
     return null;
   end $$`,
  `create function stamp_computer() returns trigger language plpgsql as $$
   begin
     if tg_op = 'DELETE' then
       delete from sync_stamps where kind = 'computer' and id = old.id;
     else
       perform stamp_sync('computer', array[new.id]);
     end if;
     return null;
   end $$`,
];

/** No trigger fires for telemetry, such as the time when a computer was last seen. */
const triggers = [
  `create trigger definitions_stamp_new after insert or delete on definitions
     for each row execute function stamp_definition()`,
  `create trigger definitions_stamp after update on definitions for each row
     when (old is distinct from new) execute function stamp_definition()`,
  `create trigger versions_stamp after update on versions for each row
     when ((old.commit, old.approvals, old.deprecated, old.revoked)
       is distinct from (new.commit, new.approvals, new.deprecated, new.revoked))
     execute function stamp_version()`,
  `create trigger labs_stamp after update on labs for each row
     when (old is distinct from new) execute function stamp_lab()`,
  `create trigger instruments_stamp after update on instruments for each row
     when (old is distinct from new) execute function stamp_instrument()`,
  `create trigger computer_bindings_stamp after insert or update or delete on computer_bindings
     for each row execute function stamp_binding()`,
  `create trigger computers_stamp_gone after delete on computers
     for each row execute function stamp_computer()`,
  `create trigger computers_stamp after update on computers for each row
     when ((old.lab_id, old.computer_name, old.computer_id, old.username, old.os, old.nickname, old.location)
       is distinct from
       (new.lab_id, new.computer_name, new.computer_id, new.username, new.os, new.nickname, new.location))
     execute function stamp_computer()`,
];

const reports = [
  `create table reports (
     computer int primary key,
     installed jsonb not null,
     loaded jsonb not null,
     errors jsonb not null,
     reported_at timestamptz(3) not null,
     constraint reports_computer_foreign
       foreign key (computer) references computers (id) on update cascade on delete cascade
   )`,
  `create table installations (
     id serial primary key,
     computer int not null,
     definition_id int not null,
     version int not null,
     since timestamptz(3) not null,
     until timestamptz(3),
     constraint installations_computer_foreign
       foreign key (computer) references computers (id) on delete cascade,
     constraint installations_definition_id_foreign
       foreign key (definition_id) references definitions (id) on delete cascade
   )`,
  // Covers the current installations: at most one version of a definition per computer.
  `create unique index installations_now_key on installations (computer, definition_id)
     where until is null`,
  'create index installations_computer_index on installations (computer)',
  'create index installations_definition_id_index on installations (definition_id, since)',
  // These indexes find the version that has a given commit or a file with a given hash.
  'create index versions_commit_index on versions (commit)',
  'create index versions_files_index on versions using gin (files)',
  'create index versions_revoked_index on versions (definition_id) where revoked is not null',
];
