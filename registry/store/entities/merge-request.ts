import { defineEntity, p } from '@mikro-orm/core';
import { Definition } from './definition.ts';
import { Lab } from './lab.ts';
import { User } from './user.ts';

/** `opening`: its refs are about to be written; seen by nobody, finished or taken back by repair. */
export const mergeRequestStates = ['opening', 'open', 'merged', 'closed'] as const;
export type MergeRequestState = (typeof mergeRequestStates)[number];

const user = (column: string) =>
  p
    .manyToOne(User)
    .mapToPk()
    .joinColumn(column)
    .strictNullable()
    .index(`merge_requests_${column}_index`)
    .deleteRule('set null');

const schema = defineEntity({
  name: 'MergeRequest',
  tableName: 'merge_requests',
  uniques: [
    {
      name: 'merge_requests_branch_key',
      expression: `create unique index "merge_requests_branch_key" on "merge_requests" ("definition_id", "source_ref") where state in ('opening', 'open') and source_ref <> 'refs/for/main'`,
    },
    {
      name: 'merge_requests_for_main_key',
      expression: `create unique index "merge_requests_for_main_key" on "merge_requests" ("definition_id", "author_id") where state in ('opening', 'open') and source_ref = 'refs/for/main'`,
    },
  ],
  indexes: [{ name: 'merge_requests_state_index', properties: ['state', 'id'] }],
  properties: {
    /** The number in `!12` and `refs/merge-requests/12/head`; from the sequence, before any ref is written. */
    id: p.integer().primary(),
    /** Null once a proposed definition is gone whose name was freed. */
    definition_id: () =>
      p
        .manyToOne(Definition)
        .mapToPk()
        .joinColumn('definition_id')
        .strictNullable()
        .index('merge_requests_definition_id_index')
        .deleteRule('set null'),
    /** The definition's name, which it keeps. */
    definition: p.text(),
    /** The definition's, which a trigger sees to; one whose definition is gone stays with the lab that it had. */
    lab_id: () =>
      p
        .manyToOne(Lab)
        .mapToPk()
        .joinColumn('lab_id')
        .strictNullable()
        .index('merge_requests_lab_id_index')
        .deleteRule('set null'),
    title: p.text(),
    description: p.text().default(''),
    draft: p.boolean().default(false),
    state: p.enum(mergeRequestStates),
    /** `refs/for/main`, the branch that was pushed, or its own `refs/merge-requests/<n>/head`. */
    source_ref: p.text(),
    author_id: () => user('author_id'),
    /** Username of who opened it, whatever becomes of the account. */
    author: p.text(),
    head: p.text(),
    /** The version's commit that the head is built on; null for a definition without versions. */
    base: p.text().strictNullable(),
    /** Key of the list of (path, old, new) against `base`, as it was noted. What counts is computed from git. */
    changes: p.text(),
    merged_version: p.integer().strictNullable(),
    /** Who merged or closed it. */
    decided_by: () => user('decided_by'),
    decided_at: p.datetime(3).strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
    updated_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A proposal to change a definition, under review. */
export class MergeRequest extends schema.class {}
schema.setClass(MergeRequest);
