import { Migration } from '@mikro-orm/migrations';

/**
 * Notifies processes that cache rights in memory (registry/store/follow.ts) of changes without an audit entry, such as
 * changes by SQL. The notification is sent at the commit, and the commit does not wait for anybody.
 */
export class UnauditedChanges extends Migration {
  override up(): void {
    this.addSql(
      `create function notice_unaudited() returns trigger language plpgsql as $$
       begin
         if current_setting('registry.audited', true) is distinct from 'yes' then
           perform pg_notify('registry_audit', 'everything');
         end if;
         return null;
       end $$`,
    );
    for (const [table, changes] of Object.entries(CHANGES)) {
      this.addSql(
        `create constraint trigger ${table}_unaudited after ${changes} on ${table}
         deferrable initially deferred for each row execute function notice_unaudited()`,
      );
    }
  }
}

/** Lists, for each table, the changes that rights depend on. */
const CHANGES = {
  users: 'delete or update of username, name, email, is_admin, disabled, session_epoch',
  tokens: 'delete or update of user_id, name, scope, hash, expires_at',
  memberships: 'insert or delete or update',
  ended_sessions: 'insert',
  labs: 'delete or update of direct_landing, disabled',
  computers: 'delete or update of lab_id, computer_name, token_hash',
  definitions: 'delete or update of name, lab_id, is_public, is_builtin, version, archived_at',
};
