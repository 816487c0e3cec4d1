import { Migration } from '@mikro-orm/migrations';

/** Stores which one-time upgrade tasks are complete, so that no later start repeats them. */
export class DoneOnce extends Migration {
  override up(): void {
    this.addSql(
      'create table done_once (task text not null primary key, done_at timestamptz(3) not null)',
    );
  }
}
