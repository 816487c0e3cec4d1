import { Migration } from '@mikro-orm/migrations';

/** Which pieces of work on what earlier versions left are done, so that no start does them again. */
export class DoneOnce extends Migration {
  override up(): void {
    this.addSql(
      'create table done_once (task text not null primary key, done_at timestamptz(3) not null)',
    );
  }
}
