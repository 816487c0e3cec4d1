import { Migration } from '@mikro-orm/migrations';

/** How a lab takes new versions of other labs' public definitions. Labs that there are go on as they did. */
export class PublicDefinitions extends Migration {
  override up(): void {
    this.addSql(
      `alter table labs add column public_definitions text not null default 'follow'
         constraint labs_public_definitions_check
         check (public_definitions in ('follow', 'pin', 'none'))`,
    );
  }
}
