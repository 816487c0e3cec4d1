import { Migration } from '@mikro-orm/migrations';

/**
 * The identity of the registry that this database belongs to. The folder of repositories has the same identity
 * (registry/services/repair/agreement.ts), so that a database and a folder of two registries are not served together.
 */
export class RegistryIdentity extends Migration {
  override up(): void {
    this.addSql(
      `create table registry_identity (
         id int not null primary key check (id = 1),
         registry uuid not null,
         signing_key text null
       )`,
    );
  }
}
