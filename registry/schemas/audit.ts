/** Schemas of the audit trail (docs/contract.md, section 9). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, Nullable, PageQuery, Text, Time } from './common.ts';

export const AuditQuery = Type.Object({
  ...PageQuery,
  action: Type.Optional(Text({ maxLength: 100 })),
  actor: Type.Optional(Text({ maxLength: 100 })),
  subject_type: Type.Optional(Text({ maxLength: 100 })),
  subject_id: Type.Optional(Id),
  lab_id: Type.Optional(Id),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  format: Type.Optional(
    Type.Enum(['json', 'jsonl'], {
      description:
        '`jsonl` downloads all entries as JSON lines. Links can use `jsonl`, because links cannot set the header `Accept`',
    }),
  ),
});
export type AuditQuery = Static<typeof AuditQuery>;

export const AuditEvent = Type.Object({
  id: Id,
  at: Time,
  actor_id: Nullable(Id),
  actor: Type.String(),
  action: Type.String(),
  subject_type: Type.String(),
  subject_id: Nullable(Id),
  subject: Type.String(),
  lab_id: Nullable(Id),
  before: Type.Unknown(),
  after: Type.Unknown(),
  address: Nullable(Type.String()),
  token_name: Nullable(Type.String()),
  previous_hash: Type.String(),
  hash: Type.String(),
});
export type AuditEvent = Static<typeof AuditEvent>;
