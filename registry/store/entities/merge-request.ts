import { defineEntity, p } from '@mikro-orm/core';
import { Definition } from './definition.ts';
import { Lab } from './lab.ts';
import { User } from './user.ts';

/** `opening`: the refs are not written yet. Nobody sees it; repair completes or removes it. */
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
    /**
     * The number in `!12` and `refs/merge-requests/12/head`; allocated from the sequence before any ref is
     * written.
     */
    id: p.integer().primary(),
    /** Null once the proposed definition is deleted to free its name. */
    definition_id: () =>
      p
        .manyToOne(Definition)
        .mapToPk()
        .joinColumn('definition_id')
        .strictNullable()
        .index('merge_requests_definition_id_index')
        .deleteRule('set null'),
    /** The definition's name, kept after the definition is deleted. */
    definition: p.text(),
    /** The definition's lab, kept in sync by a trigger. Unchanged after the definition is deleted. */
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
    /** `refs/for/main`, the pushed branch, or its own `refs/merge-requests/<n>/head`. */
    source_ref: p.text(),
    author_id: () => user('author_id'),
    /** Username of the person who opened it, kept after the account changes. */
    author: p.text(),
    head: p.text(),
    /** The commit of the version that the head is based on; null for a definition without versions. */
    base: p.text().strictNullable(),
    /**
     * Recorded key of the list of (path, old, new) against `base`. Decisions use the list computed from git
     * instead.
     */
    changes: p.text(),
    merged_version: p.integer().strictNullable(),
    /** The user who merged or closed it. */
    decided_by: () => user('decided_by'),
    decided_at: p.datetime(3).strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
    updated_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A proposal to change a definition, under review. */
export class MergeRequest extends schema.class {}
schema.setClass(MergeRequest);
