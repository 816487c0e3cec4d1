import { Migration } from '@mikro-orm/migrations';

/** Defines in SQL which addresses belong to one mailbox, as `mailboxOf` does in registry/access/review/mailbox.ts. */
export class Mailboxes extends Migration {
  override up(): void {
    this.addSql(
      `create function mailbox_of(address text) returns text language sql immutable strict parallel safe as $$
       select lower(split_part(split_part(address, '@', 1), '+', 1)
                    || substr(address, length(split_part(address, '@', 1)) + 1)) $$`,
    );
    this.addSql(
      `create or replace function keep_mailbox_of_user() returns trigger language plpgsql as $$
       begin
         if tg_op = 'INSERT' or new.email is distinct from old.email then
           new.mailbox := nullif(mailbox_of(new.email), '');
         end if;
         return new;
       end $$`,
    );
  }
}
