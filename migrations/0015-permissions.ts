import { Migration } from '@mikro-orm/migrations';

/**
 * Stores the permissions of definitions, which allow imports that their lab's policy bans: for each version, for the
 * newest version, and as lab admins granted them in reviews.
 */
export class Permissions extends Migration {
  override up(): void {
    this.addSql(`alter table versions add column permissions jsonb not null default '[]'`);
    this.addSql(`alter table definitions add column permissions jsonb not null default '[]'`);
    this.addSql('alter table reviews add column grants jsonb');
  }
}
