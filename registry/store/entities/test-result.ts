import { defineEntity, p } from '@mikro-orm/core';
import type { Json } from '../../definitions/types.ts';
import { Computer } from './computer.ts';
import { Definition } from './definition.ts';
import { Lab } from './lab.ts';

/** How many recordings and test functions a run had, and whether it used the simulator. */
export interface TestedKinds {
  recordings: number;
  functions: number;
  simulator: boolean;
}

const schema = defineEntity({
  name: 'TestResult',
  tableName: 'test_results',
  uniques: [
    {
      name: 'test_results_newest_key',
      expression:
        'create unique index "test_results_newest_key" on "test_results" ("definition_id", "version", "computer") where is_newest',
    },
  ],
  indexes: [
    {
      name: 'test_results_definition_id_index',
      properties: ['definition_id', 'version', 'id'],
    },
  ],
  properties: {
    id: p.integer().primary(),
    definition_id: () =>
      p
        .manyToOne(Definition)
        .mapToPk()
        .joinColumn('definition_id')
        .index(false)
        .deleteRule('cascade'),
    version: p.integer().check('version > 0'),
    /** The commit of the version when it was tested. */
    commit: p.text(),
    /** The bench computer; null when it was deleted or lost the right. Such a result stays, but no longer counts. */
    computer: () =>
      p
        .manyToOne(Computer)
        .mapToPk()
        .joinColumn('computer')
        .strictNullable()
        .index('test_results_computer_index')
        .deleteRule('set null'),
    /** The computer's name, which stays when the computer is deleted. */
    computer_name: p.text(),
    /** The lab of the computer, whose members see the result as it was posted. */
    lab_id: () =>
      p
        .manyToOne(Lab)
        .mapToPk()
        .joinColumn('lab_id')
        .strictNullable()
        .index('test_results_lab_id_index')
        .deleteRule('set null'),
    state: p.text(),
    summary: p.text().strictNullable(),
    /** The items and the environment of the run. */
    details: p.json<{ [key: string]: Json }>(),
    /** The number of items. */
    items: p.integer(),
    /** What was tested, counted by kind. */
    kinds: p.json<TestedKinds>(),
    /** Whether the computer has posted no later result for this version. */
    is_newest: p.boolean().default(true),
    /** Since when the results of this computer for this version have had this state. */
    since: p.datetime(3).defaultRaw('now()'),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** The result of testing a version on a bench computer. */
export class TestResult extends schema.class {}
schema.setClass(TestResult);
