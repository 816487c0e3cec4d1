import { defineEntity, p } from '@mikro-orm/core';
import { Lab } from './lab.ts';

const computer = defineEntity({
  name: 'Computer',
  tableName: 'computers',
  uniques: [
    {
      name: 'computers_computer_name_key',
      expression:
        'create unique index "computers_computer_name_key" on "computers" (lower("computer_name"))',
    },
  ],
  properties: {
    id: p.integer().primary(),
    lab_id: () =>
      p
        .manyToOne(Lab)
        .mapToPk()
        .joinColumn('lab_id')
        .index('computers_lab_id_index')
        .deleteRule('no action'),
    /** The host name. No two computers have the same name, not even in different case. */
    computer_name: p.text(),
    /** The machine id that the computer reports, usually made from a MAC address. */
    computer_id: p.text().strictNullable(),
    username: p.text().strictNullable(),
    os: p.text().strictNullable(),
    nickname: p.text().strictNullable(),
    location: p.text().strictNullable(),
    /** SHA-256 of the computer's token in hexadecimal; null before enrolment. */
    token_hash: p.text().strictNullable().unique('computers_token_hash_key').hidden(),
    /** Whether the computer tests proposals and versions of its lab. The right ends with the enrolment. */
    is_bench: p.boolean().default(false),
    enrolled_at: p.datetime(3).strictNullable(),
    last_seen: p.datetime(3).strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
    updated_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A computer of a lab, which runs the Python package. */
export class Computer extends computer.class {}
computer.setClass(Computer);

const code = defineEntity({
  name: 'EnrolmentCode',
  tableName: 'enrolment_codes',
  properties: {
    id: p.integer().primary(),
    lab_id: () =>
      p
        .manyToOne(Lab)
        .mapToPk()
        .joinColumn('lab_id')
        .index('enrolment_codes_lab_id_index')
        .deleteRule('cascade'),
    /** SHA-256 of the normalized code in hexadecimal. */
    hash: p.text().unique('enrolment_codes_hash_key').hidden(),
    /** The username of the person who created the code. */
    created_by: p.text(),
    expires_at: p.datetime(3).index('enrolment_codes_expires_at_index'),
  },
});

/** A code that a computer exchanges for its token. The row is deleted when the code is used. */
export class EnrolmentCode extends code.class {}
code.setClass(EnrolmentCode);
