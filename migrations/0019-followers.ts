import { Migration } from '@mikro-orm/migrations';

/**
 * Lists the processes that cache in memory what they have read (registry/store/follow.ts). The table must not be
 * unlogged. A crash of the database would empty an unlogged table, and a change right after the crash would not wait
 * for processes with stale caches.
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
