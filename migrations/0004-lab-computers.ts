import { Migration } from '@mikro-orm/migrations';

/** Creates instruments, lab computers, and the bindings between them. */
export class LabComputers extends Migration {
  override up(): void {
    for (const sql of [...versions, ...instruments, ...computers, ...bindings]) this.addSql(sql);
  }
}

const versions = [
  'alter table versions add column files jsonb',
  'alter table versions add column described jsonb',
];

const instruments = [
  `create table instruments (
     id serial primary key,
     lab_id int not null,
     name text not null,
     instrument_type text,
     pybirch_class text,
     manufacturer text,
     model text,
     serial_number text,
     adapter text,
     location text,
     status text not null default 'available' constraint instruments_status_check
       check (status in ('available', 'in_use', 'maintenance', 'retired')),
     specifications jsonb not null default '{}',
     extra_data jsonb not null default '{}',
     definition_id int,
     pinned_version int constraint instruments_pinned_version_check check (pinned_version > 0),
     created_at timestamptz(3) not null default now(),
     updated_at timestamptz(3) not null default now(),
     constraint instruments_lab_id_foreign
       foreign key (lab_id) references labs (id) on delete no action,
     constraint instruments_definition_id_foreign
       foreign key (definition_id) references definitions (id) on delete set null
   )`,
  'create index instruments_lab_id_index on instruments (lab_id)',
  'create index instruments_definition_id_index on instruments (definition_id)',
  'create index instruments_name_id_index on instruments (name, id)',
];

const computers = [
  `create table computers (
     id serial primary key,
     lab_id int not null,
     computer_name text not null,
     computer_id text,
     username text,
     os text,
     nickname text,
     location text,
     token_hash text constraint computers_token_hash_key unique,
     enrolled_at timestamptz(3),
     last_seen timestamptz(3),
     created_at timestamptz(3) not null default now(),
     updated_at timestamptz(3) not null default now(),
     constraint computers_lab_id_foreign
       foreign key (lab_id) references labs (id) on delete no action
   )`,
  'create unique index computers_computer_name_key on computers (lower(computer_name))',
  'create index computers_lab_id_index on computers (lab_id)',

  `create table enrolment_codes (
     id serial primary key,
     lab_id int not null,
     hash text not null constraint enrolment_codes_hash_key unique,
     created_by text not null,
     expires_at timestamptz(3) not null,
     constraint enrolment_codes_lab_id_foreign
       foreign key (lab_id) references labs (id) on delete cascade
   )`,
  'create index enrolment_codes_lab_id_index on enrolment_codes (lab_id)',
  'create index enrolment_codes_expires_at_index on enrolment_codes (expires_at)',
];

const bindings = [
  `create table computer_bindings (
     id serial primary key,
     instrument_id int not null,
     computer int not null,
     computer_id text,
     username text,
     adapter text,
     adapter_type text,
     is_primary boolean not null,
     last_connected timestamptz(3),
     last_settings jsonb not null default '{}',
     key text,
     created_at timestamptz(3) not null default now(),
     updated_at timestamptz(3) not null default now(),
     constraint computer_bindings_instrument_id_foreign
       foreign key (instrument_id) references instruments (id) on delete cascade,
     constraint computer_bindings_computer_foreign
       foreign key (computer) references computers (id) on delete cascade,
     constraint computer_bindings_instrument_id_computer_key unique (instrument_id, computer),
     constraint computer_bindings_computer_key_key unique (computer, key)
   )`,
  // An instrument has at most one primary binding.
  `create unique index computer_bindings_primary_key on computer_bindings (instrument_id)
     where is_primary`,
];
