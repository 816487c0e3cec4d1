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
    /** The username as its owner wrote it. No two accounts have the same username, not even in different case. */
    username: p.text(),
    name: p.text().default(''),
    email: p.text().default(''),
    /**
     * The normalized address (access/review/mailbox.ts), which the database derives from `email`. Null if an older account
     * has the same mailbox.
     */
    mailbox: p.text().strictNullable().hidden(),
    /** Null if the account has no password, for example because reindex created it. */
    password_hash: p.text().strictNullable().hidden(),
    /** When a password that the registry generated expires; null for a password that a person chose. */
    password_expires_at: p.datetime(3).strictNullable(),
    is_admin: p.boolean().default(false),
    disabled: p.boolean().default(false),
    /** Every session token contains this number. A higher number ends all sessions of the account. */
    session_epoch: p.integer().default(0).hidden(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** The account of a person or a program. */
export class User extends schema.class {}
schema.setClass(User);
