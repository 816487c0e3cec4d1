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
    /** As its owner writes it; unique without regard to case. */
    username: p.text(),
    name: p.text().default(''),
    email: p.text().default(''),
    /** The address as access/review/mailbox.ts reads it, kept by the database; null where an older account has it too. */
    mailbox: p.text().strictNullable().hidden(),
    /** Null for accounts that cannot sign in (those that reindex made). */
    password_hash: p.text().strictNullable().hidden(),
    /** When a password that the registry made up stops working; null for one that a person chose. */
    password_expires_at: p.datetime(3).strictNullable(),
    is_admin: p.boolean().default(false),
    disabled: p.boolean().default(false),
    /** Part of every session token; raising it ends the sessions there are. */
    session_epoch: p.integer().default(0).hidden(),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A person or a machine account. */
export class User extends schema.class {}
schema.setClass(User);
