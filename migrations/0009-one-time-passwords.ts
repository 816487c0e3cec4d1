import { Migration } from '@mikro-orm/migrations';

/** Until when a password that the registry made up can be used; null for one that a person chose. */
export class OneTimePasswords extends Migration {
  override up(): void {
    this.addSql('alter table users add column password_expires_at timestamptz(3)');
  }
}
