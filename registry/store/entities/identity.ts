import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

const schema = defineEntity({
  name: 'Identity',
  tableName: 'identities',
  uniques: [{ name: 'identities_issuer_subject_key', properties: ['issuer', 'subject'] }],
  properties: {
    id: p.integer().primary(),
    user_id: () =>
      p
        .manyToOne(User)
        .mapToPk()
        .joinColumn('user_id')
        .index('identities_user_id_index')
        .deleteRule('cascade'),
    /** The provider (OpenID Connect Core, `iss`). */
    issuer: p.text(),
    /** What the provider will never call anybody else (`sub`). */
    subject: p.text(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** Somebody at a provider of single sign-on, and the account that is theirs here. */
export class Identity extends schema.class {}
schema.setClass(Identity);
