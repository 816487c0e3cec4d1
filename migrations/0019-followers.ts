import { Migration } from '@mikro-orm/migrations';

/**
 * The processes that keep in memory what they have read (registry/store/follow.ts). Unlogged, because after a crash of
 * the database no lease of before it counts.
 */
export class Followers extends Migration {
  override up(): void {
    this.addSql(
      `create unlogged table followers (
         id serial primary key,
         reached integer not null,
         until timestamptz(3) not null)`,
    );
  }
}
