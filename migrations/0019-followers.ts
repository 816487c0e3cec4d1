import { Migration } from '@mikro-orm/migrations';

/**
 * The processes that keep in memory what they have read (registry/store/follow.ts). Not unlogged: a crash of the database
 * would empty the table, and a change right after it would not wait for the processes that still keep something.
 */
export class Followers extends Migration {
  override up(): void {
    this.addSql(
      `create table followers (
         id serial primary key,
         reached integer not null,
         renewed integer not null)`,
    );
  }
}
