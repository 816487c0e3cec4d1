import { Migration } from '@mikro-orm/migrations';

/** Adds the expiry of a password that the registry generated. The expiry is null for a password that a person chose. */
export class OneTimePasswords extends Migration {
  override up(): void {
    this.addSql('alter table users add column password_expires_at timestamptz(3)');
  }
}
