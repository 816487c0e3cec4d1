import { Migration } from '@mikro-orm/migrations';

/**
 * Of each head of a merge request: whose accounts its authors' addresses were when it was pushed, and what the push said
 * of title, description and draft, so that a crash parts none of it.
 */
export class NotesOfHeads extends Migration {
  override up(): void {
    this.addSql(
      `alter table merge_request_heads add column author_ids jsonb not null default '[]',
                                       add column edits jsonb`,
    );
  }
}
