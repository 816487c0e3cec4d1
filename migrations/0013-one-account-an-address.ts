import { Migration } from '@mikro-orm/migrations';

/**
 * Allows one account per mailbox. Addresses that differ only in case or in a plus suffix are the same mailbox. Existing
 * accounts that share a mailbox keep their addresses. Only the oldest of these accounts owns the mailbox, until the
 * others change their address.
 */
export class OneAccountAnAddress extends Migration {
  override up(): void {
    const mailbox = (email: string) =>
      `lower(split_part(split_part(${email}, '@', 1), '+', 1) || '@' || split_part(${email}, '@', 2))`;
    this.addSql('alter table users add column mailbox text');
    this.addSql(
      `update users u set mailbox = ${mailbox('u.email')}
        where u.email <> '' and not exists (
          select 1 from users o where o.id < u.id and o.email <> ''
             and ${mailbox('o.email')} = ${mailbox('u.email')})`,
    );
    this.addSql('create unique index users_mailbox_key on users (mailbox)');
    this.addSql(
      `create function keep_mailbox_of_user() returns trigger language plpgsql as $$
       begin
         if tg_op = 'INSERT' or new.email is distinct from old.email then
           new.mailbox := nullif(${mailbox('new.email')}, '@');
         end if;
         return new;
       end $$`,
    );
    this.addSql(
      `create trigger users_mailbox before insert or update of email on users
         for each row execute function keep_mailbox_of_user()`,
    );
  }
}
