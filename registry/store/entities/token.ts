import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

export const tokenScopes = ['read', 'write', 'admin'] as const;
export type TokenScope = (typeof tokenScopes)[number];

const schema = defineEntity({
  name: 'Token',
  tableName: 'tokens',
  properties: {
    id: p.integer().primary(),
    user_id: () =>
      p
        .manyToOne(User)
        .mapToPk()
        .joinColumn('user_id')
        .index('tokens_user_id_index')
        .deleteRule('cascade'),
    name: p.text(),
    scope: p.enum(tokenScopes),
    /** SHA-256 of the secret in hexadecimal. The secret itself is never stored. */
    hash: p.text().unique('tokens_hash_key').hidden(),
    /** The first characters of the secret, by which its owner recognises the token in a list. */
    hint: p.text(),
    expires_at: p.datetime(3).strictNullable(),
    last_used_at: p.datetime(3).strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A personal access token. */
export class Token extends schema.class {}
schema.setClass(Token);
