import { Migration } from '@mikro-orm/migrations';

/** Stores sessions that were ended by signing out before they expired. */
export class EndedSessions extends Migration {
  override up(): void {
    this.addSql(
      `create table ended_sessions (
         id text primary key,
         expires_at timestamptz(3) not null
       )`,
    );
    this.addSql('create index ended_sessions_expires_at_index on ended_sessions (expires_at)');
  }
}
