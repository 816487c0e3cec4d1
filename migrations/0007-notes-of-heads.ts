import { Migration } from '@mikro-orm/migrations';

/**
 * For each head of a merge request: the accounts that owned its authors' addresses at the push, and the
 * title, description and draft state that the push set. One row holds both, so that a crash cannot separate
 * them.
 */
export class NotesOfHeads extends Migration {
  override up(): void {
    this.addSql(
      `alter table merge_request_heads add column author_ids jsonb not null default '[]',
                                       add column edits jsonb`,
    );
  }
}
