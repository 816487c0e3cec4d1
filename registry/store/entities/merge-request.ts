import { defineEntity, p } from '@mikro-orm/core';
import { Definition } from './definition.ts';
import { Lab } from './lab.ts';
import { User } from './user.ts';

/**
 * In state `opening`, the refs do not exist yet and nobody sees the merge request. After a crash, repair completes or
 * deletes such a merge request.
 */
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
    /** The number in `!12` and `refs/merge-requests/12/head`. Taken from the sequence before a ref is written. */
    id: p.integer().primary(),
    /** Null after a proposed definition was deleted to free its name. */
    definition_id: () =>
      p
        .manyToOne(Definition)
        .mapToPk()
        .joinColumn('definition_id')
        .strictNullable()
        .index('merge_requests_definition_id_index')
        .deleteRule('set null'),
    /** The definition's name, which stays when the definition is deleted. */
    definition: p.text(),
    /** The definition's lab. A trigger updates this column, and the value stays when the definition is deleted. */
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
    /** `refs/for/main`, the pushed branch, or `refs/merge-requests/<n>/head` if it was not opened by a push. */
    source_ref: p.text(),
    author_id: () => user('author_id'),
    /** The author's username when the merge request was opened. The stored name stays when the account changes. */
    author: p.text(),
    head: p.text(),
    /** The commit of the version from which the head starts; null if the definition has no version. */
    base: p.text().strictNullable(),
    /**
     * A hash of the changes from `base` to `head`: path, old object and new object of each file. Decisions about landing
     * compute the changes from git instead.
     */
    changes: p.text(),
    merged_version: p.integer().strictNullable(),
    /** The user who merged or closed the merge request. */
    decided_by: () => user('decided_by'),
    decided_at: p.datetime(3).strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
    updated_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A proposal to change a definition, under review. */
export class MergeRequest extends schema.class {}
schema.setClass(MergeRequest);
