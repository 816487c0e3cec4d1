/** All actions of the audit trail, named `<subject>.<action>`. This file imports nothing, because web pages use it too. */
const DONE = {
  definition: ['landed', 'mended', 'moved', 'archived', 'restored', 'overridden', 'released'],
  version: ['deprecated', 'revoked', 'reinstated'],
  merge_request: [
    'opened',
    'updated',
    'edited',
    'commented',
    'reviewed',
    'checked',
    'merged',
    'closed',
    'reopened',
  ],
  instrument: ['created', 'changed', 'deleted'],
  computer: ['created', 'enrolled', 'changed', 'deleted'],
  binding: ['created', 'changed', 'deleted'],
  lab: ['created', 'changed', 'deleted'],
  member: ['added', 'changed', 'removed'],
  user: ['created', 'changed', 'linked'],
  session: ['started', 'ended'],
  token: ['created', 'deleted'],
  enrolment_code: ['created'],
  signing_key: ['rotated'],
  timeline: ['confirmed'],
} as const;
type Done = typeof DONE;
export type AuditAction = { [K in keyof Done]: `${K}.${Done[K][number]}` }[keyof Done];
export type MergeRequestDone = Done['merge_request'][number];
export const AUDIT_ACTIONS = Object.entries(DONE).flatMap(([subject, done]) =>
  done.map((one) => `${subject}.${one}`),
) as AuditAction[];
