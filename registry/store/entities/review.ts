/** Heads, reviews, comments and checks of merge requests. */
import { defineEntity, p } from '@mikro-orm/core';
import type { Json } from '../../definitions/types.ts';
import { Computer } from './computer.ts';
import { MergeRequest } from './merge-request.ts';
import { User } from './user.ts';

export const verdicts = ['approve', 'request_changes', 'comment'] as const;
export const sides = ['old', 'new'] as const;

const of = (table: string) =>
  p
    .manyToOne(MergeRequest)
    .mapToPk()
    .joinColumn('merge_request_id')
    .index(`${table}_merge_request_id_index`)
    .deleteRule('cascade');

const by = (table: string, column: string) =>
  p
    .manyToOne(User)
    .mapToPk()
    .joinColumn(column)
    .strictNullable()
    .index(`${table}_${column}_index`)
    .deleteRule('set null');

export type Edits = Partial<Pick<MergeRequest, 'title' | 'description' | 'draft'>>;

const headSchema = defineEntity({
  name: 'MergeRequestHead',
  tableName: 'merge_request_heads',
  properties: {
    id: p.integer().primary(),
    merge_request_id: () => of('merge_request_heads'),
    head: p.text(),
    base: p.text().strictNullable(),
    changes: p.text(),
    pushed_by: () => by('merge_request_heads', 'pushed_by'),
    /** The e-mail addresses of the authors and co-authors of the commits. */
    authors: p.json<string[]>(),
    /** The ids of the accounts that had one of these addresses at the time of the push. Later changes do not matter. */
    author_ids: p.json<number[]>().defaultRaw(`'[]'`),
    /** The title, description and draft state that the push set. */
    edits: p.json<Edits>().strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A commit that is or was the head of a merge request, or is about to become it. */
export class MergeRequestHead extends headSchema.class {}
headSchema.setClass(MergeRequestHead);

const reviewSchema = defineEntity({
  name: 'Review',
  tableName: 'reviews',
  properties: {
    id: p.integer().primary(),
    merge_request_id: () => of('reviews'),
    author_id: () => by('reviews', 'author_id'),
    author: p.text(),
    verdict: p.enum(verdicts),
    body: p.text().default(''),
    /** The reviewed commit. */
    head: p.text(),
    /** The hash of the changes in the reviewed commit, as in `MergeRequest.changes`. */
    changes: p.text(),
    /** The permissions that an admin grants with an approval; null if the review does not mention them. */
    grants: p.json<string[]>().strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A verdict on one head. A review is never changed or deleted. */
export class Review extends reviewSchema.class {}
reviewSchema.setClass(Review);

const commentSchema = defineEntity({
  name: 'Comment',
  tableName: 'comments',
  properties: {
    id: p.integer().primary(),
    merge_request_id: () => of('comments'),
    author_id: () => by('comments', 'author_id'),
    author: p.text(),
    body: p.text(),
    /** The comment that opened the thread. */
    in_reply_to: () =>
      p
        .manyToOne(Comment)
        .mapToPk()
        .joinColumn('in_reply_to')
        .strictNullable()
        .index('comments_in_reply_to_index')
        .deleteRule('cascade'),
    file: p.text().strictNullable(),
    /** The line in the file at `head` (side new) or at `base` (side old). The first line is 1. */
    line: p.integer().strictNullable().check('line > 0'),
    side: p.enum(sides).strictNullable(),
    /** The head of the merge request when the comment was written. */
    head: p.text(),
    base: p.text().strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A comment on a line or on the whole merge request. */
export class Comment extends commentSchema.class {}
commentSchema.setClass(Comment);

const checkSchema = defineEntity({
  name: 'Check',
  tableName: 'checks',
  uniques: [
    { name: 'checks_name_key', properties: ['merge_request_id', 'head', 'name', 'account_id'] },
    { name: 'checks_computer_key', properties: ['merge_request_id', 'head', 'name', 'computer'] },
  ],
  properties: {
    id: p.integer().primary(),
    merge_request_id: () =>
      p
        .manyToOne(MergeRequest)
        .mapToPk()
        .joinColumn('merge_request_id')
        .deleteRule('cascade')
        .index(false),
    head: p.text(),
    name: p.text(),
    state: p.text(),
    url: p.text().strictNullable(),
    summary: p.text().strictNullable(),
    /** The account that posted the result; null for a computer. */
    account_id: () => by('checks', 'account_id'),
    account: p.text(),
    /**
     * The bench computer that posted the result; null for an account. Null too when the computer lost the right: such a
     * result stays, but no longer counts.
     */
    computer: () =>
      p
        .manyToOne(Computer)
        .mapToPk()
        .joinColumn('computer')
        .strictNullable()
        .index('checks_computer_index')
        .deleteRule('set null'),
    /** The items and the environment of a test run. */
    details: p.json<{ [key: string]: Json }>().strictNullable(),
    updated_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** The result of a check that an account or a bench computer posted for one head. */
export class Check extends checkSchema.class {}
checkSchema.setClass(Check);
