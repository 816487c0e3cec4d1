import { Migration } from '@mikro-orm/migrations';

/** Stores which identity at the single sign-on provider an account has. */
export class Identities extends Migration {
  override up(): void {
    this.addSql(
      `create table identities (
         id serial primary key,
         user_id int not null,
         issuer text not null,
         subject text not null,
         created_at timestamptz(3) not null default now(),
         constraint identities_issuer_subject_key unique (issuer, subject),
         constraint identities_user_id_foreign
           foreign key (user_id) references users (id) on delete cascade
       )`,
    );
    this.addSql('create index identities_user_id_index on identities (user_id)');
  }
}
