import { Migration } from '@mikro-orm/migrations';

/**
 * What definitions may do beyond their lab's import policy: for each version, for the newest version, and as
 * granted by admins in reviews.
 */
export class Permissions extends Migration {
  override up(): void {
    this.addSql(`alter table versions add column permissions jsonb not null default '[]'`);
    this.addSql(`alter table definitions add column permissions jsonb not null default '[]'`);
    this.addSql('alter table reviews add column grants jsonb');
  }
}
