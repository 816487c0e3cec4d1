/** What a landing is decided on, held until the refs have moved, so that it is true when they do. */
import { LockMode } from '@mikro-orm/core';
import { Lab, type Role } from './entities/index.ts';
import type { EntityManager } from './types.ts';

/** The lab, whose policy stays as it is until the transaction ends. */
export async function holdLab(em: EntityManager, id: number): Promise<Lab | null> {
  return em.findOne(Lab, { id }, { lockMode: LockMode.PESSIMISTIC_READ });
}

export interface Standing {
  disabled: boolean;
  is_admin: boolean;
  /** In the lab. */
  role: Role | null;
}

/** What an account is, and stays until the transaction ends; null where there is none (any more). */
export async function holdStanding(
  em: EntityManager,
  userId: number,
  labId: number | null,
): Promise<Standing | null> {
  const [user] = await em.execute<Pick<Standing, 'disabled' | 'is_admin'>[]>(
    'select disabled, is_admin from users where id = ? for share',
    [userId],
  );
  if (!user) return null;
  const [membership] = await em.execute<{ role: Role }[]>(
    'select role from memberships where user_id = ? and lab_id = ? for share',
    [userId, labId],
  );
  return { ...user, role: membership?.role ?? null };
}

/**
 * All that is said of a merge request and by whom, as text: itself, its heads, reviews and checks, and what the
 * reviewers are now. Two texts are equal where nothing of it has changed.
 */
export async function readDiscussion(em: EntityManager, id: number): Promise<string> {
  const [row] = await em.execute<{ said: string }[]>(
    `select jsonb_build_array(to_jsonb(m),
       (select jsonb_agg(to_jsonb(h) order by h.id) from merge_request_heads h
         where h.merge_request_id = m.id),
       (select jsonb_agg(to_jsonb(r) order by r.id) from reviews r where r.merge_request_id = m.id),
       (select jsonb_agg(to_jsonb(c) order by c.id) from checks c where c.merge_request_id = m.id),
       (select jsonb_agg(jsonb_build_array(u.id, u.email, u.disabled, u.is_admin, s.role) order by u.id)
          from users u left join memberships s on s.user_id = u.id and s.lab_id = m.lab_id
         where u.id in (select author_id from reviews r where r.merge_request_id = m.id)))::text as said
       from merge_requests m where m.id = ?`,
    [id],
  );
  return row?.said ?? '';
}

/** The same, held until the transaction ends: nothing is added to it or changed in it meanwhile. */
export async function holdDiscussion(em: EntityManager, id: number): Promise<string> {
  // What refers to a row waits for whoever has it for update: no review is added, and no check.
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
