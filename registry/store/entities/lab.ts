import { defineEntity, p } from '@mikro-orm/core';

export const directLandings = ['admins', 'nobody'] as const;

export const publicDefinitions = ['follow', 'pin', 'none'] as const;

const schema = defineEntity({
  name: 'Lab',
  tableName: 'labs',
  uniques: [
    {
      name: 'labs_code_key',
      expression: 'create unique index "labs_code_key" on "labs" (lower("code"))',
    },
  ],
  properties: {
    id: p.integer().primary(),
    name: p.text(),
    /** A short name. No two labs have the same code, not even in different case. */
    code: p.text(),
    /** Who may land without a merge request. */
    direct_landing: p.enum(directLandings).default('admins'),
    required_approvals: p.integer().default(1).check('required_approvals >= 0'),
    allow_self_approval: p.boolean().default(false),
    /** The names of required checks, and for each the account that must post it: its id, or `@bench` for any bench. */
    required_checks: p.json<Record<string, number | '@bench'>>().defaultRaw(`'{}'`),
    /** The ids of the accounts whose changes bench computers may run; null if they may run everybody's. */
    bench_authors: p.json<number[]>().strictNullable(),
    /** The lab's own list of banned imports; null if the default list is used. */
    banned_imports: p.json<string[]>().strictNullable(),
    allowed_imports: p.json<string[]>().defaultRaw(`'[]'`),
    /** Rules for approvals: one of `users` must approve each change that matches a rule (access/review/owners.ts). */
    owners: p
      .json<{ pattern?: string; category?: string; manufacturer?: string; users: number[] }[]>()
      .defaultRaw(`'[]'`),
    /** How the lab's computers get new versions of other labs' public definitions. */
    public_definitions: p.enum(publicDefinitions).default('follow'),
    disabled: p.boolean().default(false),
    created_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A lab and its landing policy. */
export class Lab extends schema.class {}
schema.setClass(Lab);
