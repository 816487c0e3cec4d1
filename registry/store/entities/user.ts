import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'User',
  tableName: 'users',
  uniques: [
    {
      name: 'users_username_key',
      expression: 'create unique index "users_username_key" on "users" (lower("username"))',
    },
    { name: 'users_mailbox_key', properties: ['mailbox'] },
  ],
  properties: {
    id: p.integer().primary(),
    /** In the owner's spelling; unique regardless of case. */
    username: p.text(),
    name: p.text().default(''),
    email: p.text().default(''),
    /**
     * The normalized address (access/review/mailbox.ts), maintained by the database; null if an older account
     * has the same mailbox.
     */
    mailbox: p.text().strictNullable().hidden(),
    /** Null for accounts that cannot sign in, such as those created by reindex. */
    password_hash: p.text().strictNullable().hidden(),
    /** Expiry of a password that the registry generated; null for one that a person chose. */
    password_expires_at: p.datetime(3).strictNullable(),
    is_admin: p.boolean().default(false),
    disabled: p.boolean().default(false),
    /** Part of every session token; raising it ends all current sessions. */
    session_epoch: p.integer().default(0).hidden(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A person or a machine account. */
export class User extends schema.class {}
schema.setClass(User);
