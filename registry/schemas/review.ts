/** Schemas of merge requests, reviews, comments and checks (docs/contract.md, section 7). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, Line, Nullable, PageQuery, Prose, Text, Time } from './common.ts';
import { Grants, Override } from './definitions.ts';
import { CheckState, TestDetails } from './tests.ts';

const Oid = Type.String({ pattern: '^[0-9a-f]{40}$', description: 'A commit id' });
/** The most characters (code points) of a title. */
export const MOST_TITLE = 200;
/** The most characters of a description, a review or a comment. */
export const MOST_TEXT = 20_000;
const Title = Line({ minLength: 1, maxLength: MOST_TITLE });
const Body = Prose({ maxLength: MOST_TEXT });
const Verdict = Type.Enum(['approve', 'request_changes', 'comment']);
const Side = Type.Enum(['old', 'new']);
/** An account. The id is null if the account no longer exists. */
const Account = Type.Object({ id: Nullable(Id), username: Type.String() });

const Summary = {
  id: Id,
  title: Type.String(),
  description: Type.String(),
  state: Type.Enum(['open', 'merged', 'closed']),
  draft: Type.Boolean(),
  definition: Type.Object({
    id: Nullable(Id),
    name: Type.String(),
  }),
  lab_id: Nullable(Id),
  author: Account,
  source_ref: Type.String({
    description: 'The pushed branch, `refs/for/main`, or `refs/merge-requests/<id>/head`',
  }),
  head: Type.String(),
  base: Nullable(
    Type.String({ description: 'The commit of the version from which the merge request starts' }),
  ),
  merged_version: Nullable(Id),
  merged_at: Nullable(Time),
  merged_by: Nullable(Account),
  closed_at: Nullable(Time),
  closed_by: Nullable(Account),
  created_at: Time,
  updated_at: Time,
  url: Type.String({ description: 'The address of the page of the merge request' }),
};
export const MergeRequest = Type.Object(Summary);
export type MergeRequest = Static<typeof MergeRequest>;

export const Review = Type.Object({
  id: Id,
  author: Account,
  verdict: Verdict,
  body: Type.String(),
  head: Type.String({ description: 'The reviewed commit' }),
  created_at: Time,
  standing: Type.Boolean({ description: 'Whether the review counts now' }),
  why: Nullable(Type.String({ description: 'Why the review does not count now' })),
});
export type Review = Static<typeof Review>;

export const Comment = Type.Object({
  id: Id,
  author: Account,
  body: Type.String(),
  in_reply_to: Nullable(Id),
  file: Nullable(Type.String()),
  side: Nullable(Side),
  line: Nullable(
    Type.Integer({ description: 'The line in the current head. Null if the comment is outdated' }),
  ),
  original_line: Nullable(Type.Integer({ description: 'The line at `head`' })),
  outdated: Type.Boolean({
    description: 'Whether the line was changed or deleted after the comment',
  }),
  head: Type.String({ description: 'The head of the merge request when the comment was written' }),
  created_at: Time,
});
export type Comment = Static<typeof Comment>;

export const Check = Type.Object({
  name: Type.String(),
  state: Type.String(),
  url: Nullable(Type.String()),
  summary: Nullable(Type.String()),
  account: Nullable(
    Type.String({
      description:
        "The account that posted the result, or `computer:<name>`. Null for the registry's own checks",
    }),
  ),
  required: Type.Boolean(),
  standing: Type.Boolean({
    description:
      "Whether the result counts now. The check `tests` counts only while its computer is a bench computer of the definition's lab",
  }),
  details: Nullable(TestDetails),
});
export type Check = Static<typeof Check>;

export const Permission = Type.Object({
  name: Type.String({ description: 'A module or built-in that the lab bans' }),
  asked: Type.Boolean({ description: "Whether the header's `permissions` ask for the import" }),
  granted: Type.Boolean({ description: 'Whether the new version may use the import' }),
  granted_by: Nullable(
    Type.String({
      description:
        'Who granted the import in this merge request. Null if the previous version already had the permission',
    }),
  ),
  places: Type.Array(
    Type.Object({ file: Type.String(), line: Type.Integer(), column: Type.Integer() }),
  ),
});
export type Permission = Static<typeof Permission>;

export const MergeRequestPage = Type.Object({
  ...Summary,
  can_merge: Type.Boolean(),
  blockers: Type.Array(
    Type.String({ description: 'A reason why the merge request cannot land now' }),
  ),
  approvals: Type.Object({ given: Type.Integer(), required: Type.Integer() }),
  owners: Type.Array(
    Type.Object({
      rule: Type.String({
        description: 'The files, category or manufacturer to which the rule applies',
      }),
      why: Type.String({ description: 'Why the rule applies to this change' }),
      users: Type.Array(Account, { description: 'One of these users must approve' }),
      approved: Type.Boolean(),
    }),
    { description: 'The owner rules of the lab that apply to this change' },
  ),
  diff: Type.String({
    description:
      'The unified diff from base to head, as git prints it. After the merge, this is the diff of the version that landed. The diff is empty if git no longer has the commits',
  }),
  diff_truncated: Type.Boolean({ description: 'Whether the diff was longer than 1 MiB' }),
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      old: Nullable(Type.String({ description: 'The old mode and blob id. Null for a new file' })),
      new: Nullable(
        Type.String({ description: 'The new mode and blob id. Null for a deleted file' }),
      ),
    }),
  ),
  commits: Type.Array(
    Type.Object({
      commit: Type.String(),
      author: Type.Object({ name: Type.String(), email: Type.String() }),
      message: Type.String(),
      created_at: Time,
    }),
  ),
  heads: Type.Array(
    Type.Object({
      head: Type.String(),
      base: Nullable(Type.String()),
      pushed_by: Nullable(Account),
      created_at: Time,
    }),
  ),
  checks: Type.Array(Check),
  bench: Type.Object(
    {
      may_run: Type.Boolean(),
      why: Nullable(Type.String({ description: 'Why bench computers may not run the change' })),
    },
    { description: "Whether the lab's bench computers may run the change" },
  ),
  interface: Type.Object({
    breaking: Type.Boolean({
      description: 'Whether the change may break bindings, stored settings or scripts',
    }),
    changes: Type.Array(
      Type.Object({
        kind: Type.String(),
        breaking: Type.Boolean(),
        message: Type.String(),
        at: Nullable(
          Type.Object(
            { file: Type.String(), line: Type.Integer(), column: Type.Integer() },
            {
              description:
                'The place of the change in the new version. Null if the change has no single place',
            },
          ),
        ),
      }),
    ),
  }),
  traffic: Type.Array(
    Type.Object({
      message: Type.String(),
      files: Type.Array(Type.String({ description: 'The path of a recording' })),
    }),
    {
      description:
        'What the change sends to the instrument that was not sent before, and the other way round, as the recordings of both sides show',
    },
  ),
  permissions: Type.Array(Permission, {
    description: 'The banned imports that the definition uses or asks for',
  }),
  reviews: Type.Array(Review),
  comments: Type.Array(Comment),
});
export type MergeRequestPage = Static<typeof MergeRequestPage>;

export const MergeRequestQuery = Type.Object({
  ...PageQuery,
  state: Type.Optional(Type.Enum(['open', 'merged', 'closed'])),
  lab_id: Type.Optional(Id),
  definition_id: Type.Optional(Id),
  author: Type.Optional(Text({ maxLength: 100, description: 'The username of the author' })),
});
export type MergeRequestQuery = Static<typeof MergeRequestQuery>;

export const ReviewInput = Type.Object({
  verdict: Verdict,
  body: Type.Optional(Body),
  head: Oid,
  grants: Type.Optional(Grants),
});
export type ReviewInput = Static<typeof ReviewInput>;

export const CommentInput = Type.Object({
  body: Prose({ minLength: 1, maxLength: MOST_TEXT }),
  file: Type.Optional(Text({ minLength: 1, maxLength: 500 })),
  line: Type.Optional(Id),
  side: Type.Optional(Side),
  in_reply_to: Type.Optional(Id),
  head: Type.Optional(
    Type.String({
      ...Oid,
      description: 'The head to which the line belongs. Default: the current head',
    }),
  ),
});
export type CommentInput = Static<typeof CommentInput>;

export const CheckInput = Type.Object({
  name: Line({ minLength: 1, maxLength: 100 }),
  state: CheckState,
  url: Type.Optional(Nullable(Line({ pattern: '^https?://[^\\s]+$', maxLength: 2000 }))),
  summary: Type.Optional(Nullable(Prose({ maxLength: 5000 }))),
  head: Type.Optional(
    Type.String({
      ...Oid,
      description:
        'The head to which the result belongs. Required if the merge request has had more than one head',
    }),
  ),
  details: Type.Optional(TestDetails),
});
export type CheckInput = Static<typeof CheckInput>;

export const MergeInput = Type.Object({
  head: Oid,
  change_summary: Type.Optional(Prose({ maxLength: 10_000 })),
  override: Type.Optional(Override),
});
export type MergeInput = Static<typeof MergeInput>;

export const RebaseInput = Type.Object({ head: Type.Optional(Oid) });
export type RebaseInput = Static<typeof RebaseInput>;

export const MergeRequestChange = Type.Partial(
  Type.Object({ title: Title, description: Body, draft: Type.Boolean() }),
);
export type MergeRequestChange = Static<typeof MergeRequestChange>;
