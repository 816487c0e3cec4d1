import { Migration } from '@mikro-orm/migrations';

/** Creates one index that finds a version by its commit or by a file's SHA-256, in full or by the first characters. */
export class ShortHashes extends Migration {
  override up(): void {
    for (const sql of statements) this.addSql(sql);
  }
}

const statements = [
  `create function hash_beginnings(commit text, files jsonb) returns text[] language sql immutable parallel safe as $$
     select array(select distinct left(hash, 7)
                    from (select commit as hash union all select value from jsonb_each_text(
                            case when jsonb_typeof(files) = 'object' then files end)) as hashes)
   $$`,
  `create index versions_hash_beginnings_index on versions using gin (hash_beginnings(commit, files))`,
  'drop index versions_commit_index',
  'drop index versions_files_index',
];
