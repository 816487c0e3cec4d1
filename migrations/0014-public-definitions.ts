import { Migration } from '@mikro-orm/migrations';

/**
 * Adds a lab's policy for new versions of other labs' public definitions: whether and how its computers get them.
 * Existing labs keep their behaviour.
 */
export class PublicDefinitions extends Migration {
  override up(): void {
    this.addSql(
      `alter table labs add column public_definitions text not null default 'follow'
         constraint labs_public_definitions_check
         check (public_definitions in ('follow', 'pin', 'none'))`,
    );
  }
}
