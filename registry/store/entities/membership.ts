import { defineEntity, type PrimaryKeyProp, p } from '@mikro-orm/core';
import { Lab } from './lab.ts';
import { User } from './user.ts';

export const roles = ['viewer', 'contributor', 'admin'] as const;
export type Role = (typeof roles)[number];

const schema = defineEntity({
  name: 'Membership',
  tableName: 'memberships',
  properties: {
    lab_id: () =>
      p.manyToOne(Lab).mapToPk().joinColumn('lab_id').primary().deleteRule('cascade').index(false),
    user_id: () =>
      p
        .manyToOne(User)
        .mapToPk()
        .joinColumn('user_id')
        .primary()
        .deleteRule('cascade')
        .index('memberships_user_id_index'),
    role: p.enum(roles),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A user's role in a lab. */
export class Membership extends schema.class {
  declare [PrimaryKeyProp]?: ['lab_id', 'user_id'];
}
schema.setClass(Membership);
