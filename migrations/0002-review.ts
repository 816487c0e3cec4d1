import { Migration } from '@mikro-orm/migrations';

/** Creates merge requests with their reviews, comments and checks, and the owners of a lab's definitions. */
export class Review extends Migration {
  override up(): void {
    for (const sql of [...known, ...review]) this.addSql(sql);
  }
}

const known = [`alter table labs add column owners jsonb not null default '[]'`];

const review = [
  `create table merge_requests (
     id serial primary key,
     definition_id int,
     definition text not null,
     lab_id int,
     title text not null,
     description text not null default '',
     draft boolean not null default false,
     state text not null constraint merge_requests_state_check
       check (state in ('opening', 'open', 'merged', 'closed')),
     source_ref text not null,
     author_id int,
     author text not null,
     head text not null,
     base text,
     changes text not null,
     merged_version int,
     decided_by int,
     decided_at timestamptz(3),
     created_at timestamptz(3) not null default now(),
     updated_at timestamptz(3) not null default now(),
     constraint merge_requests_definition_id_foreign
       foreign key (definition_id) references definitions (id) on delete set null,
     constraint merge_requests_lab_id_foreign
       foreign key (lab_id) references labs (id) on delete set null,
     constraint merge_requests_author_id_foreign
       foreign key (author_id) references users (id) on delete set null,
     constraint merge_requests_decided_by_foreign
       foreign key (decided_by) references users (id) on delete set null
   )`,
  ...['definition_id', 'lab_id', 'author_id', 'decided_by'].map(
    (column) => `create index merge_requests_${column}_index on merge_requests (${column})`,
  ),
  'create index merge_requests_state_index on merge_requests (state, id)',
  `create unique index merge_requests_branch_key on merge_requests (definition_id, source_ref)
     where state in ('opening', 'open') and source_ref <> 'refs/for/main'`,
  `create unique index merge_requests_for_main_key on merge_requests (definition_id, author_id)
     where state in ('opening', 'open') and source_ref = 'refs/for/main'`,

  `create table merge_request_heads (
     id serial primary key,
     merge_request_id int not null,
     head text not null,
     base text,
     changes text not null,
     pushed_by int,
     authors jsonb not null,
     created_at timestamptz(3) not null default now(),
     constraint merge_request_heads_merge_request_id_foreign
       foreign key (merge_request_id) references merge_requests (id) on delete cascade,
     constraint merge_request_heads_pushed_by_foreign
       foreign key (pushed_by) references users (id) on delete set null
   )`,

  `create table reviews (
     id serial primary key,
     merge_request_id int not null,
     author_id int,
     author text not null,
     verdict text not null constraint reviews_verdict_check
       check (verdict in ('approve', 'request_changes', 'comment')),
     body text not null default '',
     head text not null,
     changes text not null,
     created_at timestamptz(3) not null default now(),
     constraint reviews_merge_request_id_foreign
       foreign key (merge_request_id) references merge_requests (id) on delete cascade,
     constraint reviews_author_id_foreign
       foreign key (author_id) references users (id) on delete set null
   )`,

  `create table comments (
     id serial primary key,
     merge_request_id int not null,
     author_id int,
     author text not null,
     body text not null,
     in_reply_to int,
     file text,
     line int constraint comments_line_check check (line > 0),
     side text constraint comments_side_check check (side in ('old', 'new')),
     head text not null,
     base text,
     created_at timestamptz(3) not null default now(),
     constraint comments_merge_request_id_foreign
       foreign key (merge_request_id) references merge_requests (id) on delete cascade,
     constraint comments_author_id_foreign
       foreign key (author_id) references users (id) on delete set null,
     constraint comments_in_reply_to_foreign
       foreign key (in_reply_to) references comments (id) on delete cascade
   )`,

  `create table checks (
     id serial primary key,
     merge_request_id int not null,
     head text not null,
     name text not null,
     state text not null,
     url text,
     summary text,
     account_id int,
     account text not null,
     updated_at timestamptz(3) not null default now(),
     constraint checks_merge_request_id_foreign
       foreign key (merge_request_id) references merge_requests (id) on delete cascade,
     constraint checks_account_id_foreign
       foreign key (account_id) references users (id) on delete set null
   )`,
  'create unique index checks_name_key on checks (merge_request_id, head, name, account_id)',
  ...['merge_request_heads', 'reviews', 'comments'].map(
    (table) => `create index ${table}_merge_request_id_index on ${table} (merge_request_id)`,
  ),
  'create index merge_request_heads_pushed_by_index on merge_request_heads (pushed_by)',
  'create index reviews_author_id_index on reviews (author_id)',
  'create index comments_author_id_index on comments (author_id)',
  'create index comments_in_reply_to_index on comments (in_reply_to)',
  'create index checks_account_id_index on checks (account_id)',
];
