import { Migration } from '@mikro-orm/migrations';

/** Sync lists name the lab's instruments, so each change of an instrument now changes the lab's stamp too. */
export class InstrumentsInLists extends Migration {
  override up(): void {
    for (const sql of statements) this.addSql(sql);
  }
}

const statements = [
  // The function locks the lab before its computers, as every other writer does, so that two writers cannot deadlock.
  `create or replace function stamp_instrument() returns trigger language plpgsql as $$
   begin
     perform stamp_sync('lab', array[old.lab_id, new.lab_id]);
     if tg_op = 'UPDATE' then
       perform stamp_sync('computer', array(
         select computer from computer_bindings where instrument_id = new.id));
     end if;
     return null;
   end $$`,
  `create trigger instruments_stamp_new after insert or delete on instruments
     for each row execute function stamp_instrument()`,
  // The lists that computers have so far do not name instruments, so every lab's stamp changes once.
  "update sync_stamps set stamp = gen_random_uuid(), number = number + 1 where kind = 'lab'",
];
