import { Migration } from '@mikro-orm/migrations';

/**
 * Adds the lab and the policy under which a version landed, as its record states them. The column is null for older
 * versions.
 */
export class LandedUnder extends Migration {
  override up(): void {
    this.addSql('alter table versions add column landed_under jsonb');
  }
}
