/**
 * Reads what a landing decision depends on, and locks it until the refs have moved, so that the decision is still valid
 * when they move.
 */
import { LockMode } from '@mikro-orm/core';
import { Lab, type Role } from './entities/index.ts';
import type { EntityManager } from './types.ts';

/** Reads and locks a lab with its policy until the transaction ends. */
export async function holdLab(em: EntityManager, id: number): Promise<Lab | null> {
  return em.findOne(Lab, { id }, { lockMode: LockMode.PESSIMISTIC_READ });
}

export interface Standing {
  disabled: boolean;
  is_admin: boolean;
  /** The role in the lab. */
  role: Role | null;
}

/** Reads and locks the state and role of an account until the transaction ends. Null if the account does not exist. */
export async function holdStanding(
  em: EntityManager,
  userId: number,
  labId: number | null,
): Promise<Standing | null> {
  const [standing] = await em.execute<Standing[]>(
    `with account as (select disabled, is_admin from users where id = ? for share),
          membership as (select role from memberships where user_id = ? and lab_id = ? for share)
     select account.*, (select role from membership) as role from account`,
    [userId, userId, labId],
  );
  return standing ?? null;
}

/**
 * Reads the complete discussion of a merge request as one text: the merge request, its heads, reviews and checks, and
 * the reviewers' accounts and current roles. If two such texts are equal, the discussion has not changed.
 */
export async function readDiscussion(em: EntityManager, id: number): Promise<string> {
  const [row] = await em.execute<{ discussion: string }[]>(
    `select jsonb_build_array(to_jsonb(m),
       (select jsonb_agg(to_jsonb(h) order by h.id) from merge_request_heads h
         where h.merge_request_id = m.id),
       (select jsonb_agg(to_jsonb(r) order by r.id) from reviews r where r.merge_request_id = m.id),
       (select jsonb_agg(to_jsonb(c) - 'details' order by c.id) from checks c where c.merge_request_id = m.id),
       (select jsonb_agg(jsonb_build_array(u.id, u.email, u.disabled, u.is_admin, s.role) order by u.id)
          from users u left join memberships s on s.user_id = u.id and s.lab_id = m.lab_id
         where u.id in (select author_id from reviews r where r.merge_request_id = m.id)))::text as discussion
       from merge_requests m where m.id = ?`,
    [id],
  );
  return row?.discussion ?? '';
}

/** Returns what `readDiscussion` does, and locks it until the transaction ends, so that it cannot change meanwhile. */
export async function holdDiscussion(em: EntityManager, id: number): Promise<string> {
  // While the row of the merge request is locked for update, inserts that reference it wait. So no review or check can
  // be added meanwhile.
  await em.execute('select 1 from merge_requests where id = ? for update', [id]);
  await em.execute('select 1 from checks where merge_request_id = ? order by id for update', [id]);
  const authors = 'select author_id from reviews where merge_request_id = ?';
  await em.execute(`select 1 from users where id in (${authors}) order by id for share`, [id]);
  await em.execute(
    `select 1 from memberships where user_id in (${authors}) order by lab_id, user_id for share`,
    [id],
  );
  return await readDiscussion(em, id);
}
