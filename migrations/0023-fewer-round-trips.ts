import { Migration } from '@mikro-orm/migrations';

/**
 * A lock and a read of what it protects in one statement instead of two. The read must not use the snapshot from before the
 * wait for the lock; in a volatile PL/pgSQL function, every statement has a snapshot of its own.
 */
export class FewerRoundTrips extends Migration {
  override up(): void {
    // The number is the same as in registry/store/indexing.ts.
    this.addSql(
      `create function lock_definition(of_definition int) returns int volatile language plpgsql as $$
       begin
         perform pg_advisory_xact_lock(7001, of_definition);
         return (select count(*) from versions where definition_id = of_definition);
       end $$`,
    );
    // The next id and the hash of the newest entry.
    this.addSql(
      `create function begin_audit_entry(out id int, out previous_hash text) volatile language plpgsql as $$
       begin
         perform pg_advisory_xact_lock(7301002);
         id := nextval('audit_events_id_seq');
         previous_hash := (select hash from audit_events order by audit_events.id desc limit 1);
         perform pg_notify('registry_audit', id::text), set_config('registry.audited', 'yes', true);
       end $$`,
    );
  }
}
