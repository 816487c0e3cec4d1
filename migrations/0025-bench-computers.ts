import { Migration } from '@mikro-orm/migrations';

/**
 * Adds bench computers: computers of a lab that test definitions and post the results, for a head of a merge request (a
 * check) or for a version.
 */
export class BenchComputers extends Migration {
  override up(): void {
    for (const sql of [...computers, ...checks, ...results]) this.addSql(sql);
  }
}

const computers = [
  'alter table computers add column is_bench boolean not null default false',
  // Null: benches may run the changes of everybody who may propose.
  'alter table labs add column bench_authors jsonb',
  // The right to test is a right like others, and a sync list contains the fields of its computer.
  'drop trigger computers_unaudited on computers',
  `create constraint trigger computers_unaudited
     after delete or update of lab_id, computer_name, token_hash, is_bench on computers
     deferrable initially deferred for each row execute function notice_unaudited()`,
  'drop trigger computers_stamp on computers',
  `create trigger computers_stamp after update on computers for each row
     when ((old.lab_id, old.computer_name, old.computer_id, old.username, old.os, old.nickname, old.location, old.is_bench)
       is distinct from
       (new.lab_id, new.computer_name, new.computer_id, new.username, new.os, new.nickname, new.location, new.is_bench))
     execute function stamp_computer()`,
];

const checks = [
  `alter table checks
     add column computer int,
     add column details jsonb,
     add constraint checks_computer_foreign
       foreign key (computer) references computers (id) on delete set null`,
  'create unique index checks_computer_key on checks (merge_request_id, head, name, computer)',
  'create index checks_computer_index on checks (computer)',
];

const results = [
  `create table test_results (
     id serial primary key,
     definition_id int not null,
     version int not null constraint test_results_version_check check (version > 0),
     commit text not null,
     computer int,
     computer_name text not null,
     lab_id int,
     state text not null,
     summary text,
     details jsonb not null,
     items int not null,
     kinds jsonb not null,
     is_newest boolean not null default true,
     since timestamptz(3) not null default now(),
     created_at timestamptz(3) not null default now(),
     constraint test_results_definition_id_foreign
       foreign key (definition_id) references definitions (id) on delete cascade,
     constraint test_results_computer_foreign
       foreign key (computer) references computers (id) on delete set null,
     constraint test_results_lab_id_foreign
       foreign key (lab_id) references labs (id) on delete set null
   )`,
  'create index test_results_definition_id_index on test_results (definition_id, version, id)',
  `create unique index test_results_newest_key on test_results (definition_id, version, computer)
     where is_newest`,
  'create index test_results_computer_index on test_results (computer)',
  'create index test_results_lab_id_index on test_results (lab_id)',
];
