import { Migration } from '@mikro-orm/migrations';

/**
 * Stores two things for each head of a merge request: which accounts owned the e-mail addresses of its authors at the
 * push, and the title, description and draft state that the push set. One row contains both things, so that a crash
 * cannot separate them.
 */
export class NotesOfHeads extends Migration {
  override up(): void {
    this.addSql(
      `alter table merge_request_heads add column author_ids jsonb not null default '[]',
                                       add column edits jsonb`,
    );
  }
}
