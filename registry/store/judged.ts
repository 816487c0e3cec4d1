/**
 * Reads and locks the inputs of a landing decision until the refs have moved, so that the decision is still
 * valid then.
 */
import { LockMode } from '@mikro-orm/core';
import { Lab, type Role } from './entities/index.ts';
import type { EntityManager } from './types.ts';

/** Locks a lab and its policy until the transaction ends. */
export async function holdLab(em: EntityManager, id: number): Promise<Lab | null> {
  return em.findOne(Lab, { id }, { lockMode: LockMode.PESSIMISTIC_READ });
}

export interface Standing {
  disabled: boolean;
  is_admin: boolean;
  /** The role in the lab. */
  role: Role | null;
}

/**
 * Locks an account's role and state until the transaction ends; null if the account does not exist (any
 * more).
 */
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
 * The complete discussion of a merge request as text: the merge request, its heads, reviews and checks with
 * their authors, and the reviewers' current roles. Equal texts mean that nothing has changed.
 */
export async function readDiscussion(em: EntityManager, id: number): Promise<string> {
  const [row] = await em.execute<{ discussion: string }[]>(
    `select jsonb_build_array(to_jsonb(m),
       (select jsonb_agg(to_jsonb(h) order by h.id) from merge_request_heads h
         where h.merge_request_id = m.id),
       (select jsonb_agg(to_jsonb(r) order by r.id) from reviews r where r.merge_request_id = m.id),
       (select jsonb_agg(to_jsonb(c) order by c.id) from checks c where c.merge_request_id = m.id),
       (select jsonb_agg(jsonb_build_array(u.id, u.email, u.disabled, u.is_admin, s.role) order by u.id)
          from users u left join memberships s on s.user_id = u.id and s.lab_id = m.lab_id
         where u.id in (select author_id from reviews r where r.merge_request_id = m.id)))::text as discussion
       from merge_requests m where m.id = ?`,
    [id],
  );
  return row?.discussion ?? '';
}

/**
 * Reads the same and locks it until the transaction ends, so that nobody can add or change anything
 * meanwhile.
 */
export async function holdDiscussion(em: EntityManager, id: number): Promise<string> {
  // Inserts that reference a row wait while it is locked for update, so no review or check can be added.
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
