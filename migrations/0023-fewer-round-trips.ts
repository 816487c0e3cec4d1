import { Migration } from '@mikro-orm/migrations';

/**
 * Takes a lock and reads the rows that the lock protects, in one statement instead of two. The read must not use a
 * snapshot from before the wait for the lock. In a volatile PL/pgSQL function, every statement has its own snapshot.
 */
export class FewerRoundTrips extends Migration {
  override up(): void {
    // The lock number 7001 is the same as in registry/store/indexing.ts.
    this.addSql(
      `create function lock_definition(of_definition int) returns int volatile language plpgsql as $$
       begin
         perform pg_advisory_xact_lock(7001, of_definition);
         return (select count(*) from versions where definition_id = of_definition);
       end $$`,
    );
    // Returns the next id of the audit trail, and the hash of its newest entry.
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
