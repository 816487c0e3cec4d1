import { Migration } from '@mikro-orm/migrations';

/**
 * Triggers keep a merge request's lab and name equal to its definition's, whichever statement changes them.
 * When the definition is deleted, its merge requests keep the last values.
 */
export class LabsOfMergeRequests extends Migration {
  override up(): void {
    this.addSql(`update merge_requests m set lab_id = d.lab_id, definition = d.name
       from definitions d
      where d.id = m.definition_id
        and (m.lab_id is distinct from d.lab_id or m.definition <> d.name)`);
    this.addSql(`create function merge_requests_follow_their_definition() returns trigger language plpgsql as $$
       begin
         if new.definition_id is not null then
           select d.lab_id, d.name into new.lab_id, new.definition
             from definitions d where d.id = new.definition_id;
         elsif tg_op = 'UPDATE' then
           -- A lab that is deleted leaves null.
           if new.lab_id is not null then new.lab_id := old.lab_id; end if;
           new.definition := old.definition;
         end if;
         return new;
       end $$`);
    this.addSql(`create trigger merge_requests_follow_their_definition before insert or update
       on merge_requests for each row execute function merge_requests_follow_their_definition()`);
    this.addSql(`create function definitions_take_their_merge_requests() returns trigger language plpgsql as $$
       begin
         update merge_requests set lab_id = new.lab_id where definition_id = new.id;
         return null;
       end $$`);
    this.addSql(`create trigger definitions_take_their_merge_requests after update on definitions
       for each row when (old.lab_id is distinct from new.lab_id)
       execute function definitions_take_their_merge_requests()`);
  }
}
