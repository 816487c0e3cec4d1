import { Migration } from '@mikro-orm/migrations';

/** What definitions may do beyond their lab's import policy: of each version, of the newest, and as admins granted it in reviews. */
export class Permissions extends Migration {
  override up(): void {
    this.addSql(`alter table versions add column permissions jsonb not null default '[]'`);
    this.addSql(`alter table definitions add column permissions jsonb not null default '[]'`);
    this.addSql('alter table reviews add column grants jsonb');
  }
}
