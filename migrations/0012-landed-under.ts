import { Migration } from '@mikro-orm/migrations';

/** The lab and the policy that a version landed under, as its record has it; null for versions from before. */
export class LandedUnder extends Migration {
  override up(): void {
    this.addSql('alter table versions add column landed_under jsonb');
  }
}
