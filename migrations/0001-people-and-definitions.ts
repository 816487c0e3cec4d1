import { Migration } from '@mikro-orm/migrations';

/** Creates people, labs, definitions with their versions, and the append-only audit trail. */
export class PeopleAndDefinitions extends Migration {
  override up(): void {
    this.addSql('create extension if not exists pg_trgm');
    for (const sql of [...people, ...definitions, ...audit]) this.addSql(sql);
  }
}

const people = [
  `create table users (
     id serial primary key,
     username text not null,
     name text not null default '',
     email text not null default '',
     password_hash text,
     is_admin boolean not null default false,
     disabled boolean not null default false,
     session_epoch int not null default 0,
     created_at timestamptz(3) not null default now()
   )`,
  'create unique index users_username_key on users (lower(username))',

  `create table tokens (
     id serial primary key,
     user_id int not null,
     name text not null,
     scope text not null constraint tokens_scope_check check (scope in ('read', 'write', 'admin')),
     hash text not null constraint tokens_hash_key unique,
     hint text not null,
     expires_at timestamptz(3),
     last_used_at timestamptz(3),
     created_at timestamptz(3) not null default now(),
     constraint tokens_user_id_foreign foreign key (user_id) references users (id) on delete cascade
   )`,
  'create index tokens_user_id_index on tokens (user_id)',

  `create table labs (
     id serial primary key,
     name text not null,
     code text not null,
     direct_landing text not null default 'admins'
       constraint labs_direct_landing_check check (direct_landing in ('admins', 'nobody')),
     required_approvals int not null default 1
       constraint labs_required_approvals_check check (required_approvals >= 0),
     allow_self_approval boolean not null default false,
     required_checks jsonb not null default '{}',
     banned_imports jsonb,
     allowed_imports jsonb not null default '[]',
     disabled boolean not null default false,
     created_at timestamptz(3) not null default now()
   )`,
  'create unique index labs_code_key on labs (lower(code))',

  `create table memberships (
     lab_id int not null,
     user_id int not null,
     role text not null
       constraint memberships_role_check check (role in ('viewer', 'contributor', 'admin')),
     created_at timestamptz(3) not null default now(),
     primary key (lab_id, user_id),
     constraint memberships_lab_id_foreign
       foreign key (lab_id) references labs (id) on update cascade on delete cascade,
     constraint memberships_user_id_foreign
       foreign key (user_id) references users (id) on update cascade on delete cascade
   )`,
  'create index memberships_user_id_index on memberships (user_id)',
];

const definitions = [
  `create table definitions (
     id serial primary key,
     name text not null,
     lab_id int,
     created_by int,
     is_public boolean not null default false,
     is_builtin boolean not null default false,
     archived_at timestamptz(3),
     version int,
     head text,
     display_name text not null,
     description text,
     instrument_type text constraint definitions_instrument_type_check
       check (instrument_type in ('movement', 'measurement')),
     category text,
     manufacturer text,
     status text not null constraint definitions_status_check
       check (status in ('operational', 'development', 'testing', 'deprecated', 'experimental')),
     base_class text,
     dependencies jsonb not null default '[]',
     settings_schema jsonb,
     default_settings jsonb,
     data_columns jsonb,
     data_units jsonb,
     position_column text,
     position_units text,
     source_code text not null default '',
     search text generated always as (lower(
       coalesce(name, '') || E'\\n' || coalesce(display_name, '') || E'\\n' ||
       coalesce(description, '') || E'\\n' || coalesce(manufacturer, '') || E'\\n' ||
       coalesce(source_code, ''))) stored,
     created_at timestamptz(3) not null default now(),
     updated_at timestamptz(3) not null default now(),
     constraint definitions_lab_id_foreign
       foreign key (lab_id) references labs (id) on delete no action,
     constraint definitions_created_by_foreign
       foreign key (created_by) references users (id) on delete set null
   )`,
  'create unique index definitions_name_key on definitions (lower(name))',
  // This index has the order of the list, so reading one page does not sort all rows.
  'create index definitions_name_id_index on definitions (name, id)',
  // A GIN index keeps new entries in a pending list that every search scans. With the default limit of 4 MB, this list
  // grows so long that the planner ignores the index. PGlite has no autovacuum that would empty the list.
  `create index definitions_search_index on definitions
     using gin (search gin_trgm_ops) with (gin_pending_list_limit = 256)`,
  ...[
    'lab_id',
    'created_by',
    'display_name',
    'instrument_type',
    'category',
    'manufacturer',
    'status',
    'created_at',
    'updated_at',
  ].map((column) => `create index definitions_${column}_index on definitions (${column})`),

  `create table versions (
     definition_id int not null,
     version int not null constraint versions_version_check check (version > 0),
     commit text not null,
     tag text not null,
     author_name text not null,
     author_email text not null,
     landed_by int,
     landed_by_name text not null,
     approvals jsonb not null default '[]',
     overrides jsonb not null default '[]',
     merge_request int,
     change_summary text not null default '',
     deprecated jsonb,
     revoked jsonb,
     created_at timestamptz(3) not null,
     primary key (definition_id, version),
     constraint versions_definition_id_commit_key unique (definition_id, commit),
     constraint versions_definition_id_foreign
       foreign key (definition_id) references definitions (id) on delete cascade,
     constraint versions_landed_by_foreign
       foreign key (landed_by) references users (id) on delete set null
   )`,
  'create index versions_landed_by_index on versions (landed_by)',
];

const audit = [
  `create table audit_events (
     id serial primary key,
     at timestamptz(3) not null,
     actor_id int,
     actor text not null,
     action text not null,
     subject_type text not null,
     subject_id int,
     subject text not null,
     lab_id int,
     before jsonb,
     after jsonb,
     address text,
     token_name text,
     previous_hash text not null,
     hash text not null
   )`,
  ...['at', 'actor_id', 'action', 'lab_id'].map(
    (column) => `create index audit_events_${column}_index on audit_events (${column})`,
  ),
  'create index audit_events_subject_index on audit_events (subject_type, subject_id)',
  `create function audit_events_are_append_only() returns trigger language plpgsql as $$
   begin
     raise exception 'audit events are append-only' using errcode = 'restrict_violation';
   end $$`,
  `create trigger audit_events_append_only before update or delete or truncate on audit_events
     for each statement execute function audit_events_are_append_only()`,
];
