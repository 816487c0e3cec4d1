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
    /** The provider's address (OpenID Connect Core, `iss`). */
    issuer: p.text(),
    /** The provider's permanent id for the person (`sub`). */
    subject: p.text(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** Links a person at a provider of single sign-on to an account of the registry. */
export class Identity extends schema.class {}
schema.setClass(Identity);
