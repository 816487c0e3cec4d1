import { defineEntity, p } from '@mikro-orm/core';
import type { Json } from '../../definitions/types.ts';

const schema = defineEntity({
  name: 'AuditEvent',
  tableName: 'audit_events',
  properties: {
    id: p.integer().primary(),
    at: p.datetime(3).index('audit_events_at_index'),
    /**
     * The id of the account or computer. The column is no foreign key, because the entry stays when the account or
     * computer is deleted.
     */
    actor_id: p.integer().strictNullable().index('audit_events_actor_id_index'),
    actor: p.text(),
    /** For example `definition.landed` or `user.created`. */
    action: p.text().index('audit_events_action_index'),
    subject_type: p.text(),
    subject_id: p.integer().strictNullable(),
    subject: p.text(),
    lab_id: p.integer().strictNullable().index('audit_events_lab_id_index'),
    before: p.json<Json>().strictNullable(),
    after: p.json<Json>().strictNullable(),
    address: p.text().strictNullable(),
    token_name: p.text().strictNullable(),
    previous_hash: p.text(),
    hash: p.text(),
  },
  indexes: [
    {
      name: 'audit_events_subject_index',
      properties: ['subject_type', 'subject_id'],
    },
  ],
});

/** One entry of the append-only audit trail. `hash` is the hash of the entry and of `previous_hash`. */
export class AuditEvent extends schema.class {}
schema.setClass(AuditEvent);
