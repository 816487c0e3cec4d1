/** Reads and writes reviews, comments and checks of merge requests. */
import { pick } from '../schemas/pick.ts';
import type { Role } from './entities/index.ts';
import { Check, Comment, Review } from './entities/index.ts';
import type { EntityManager } from './types.ts';

export type NewReview = Pick<
  Review,
  'merge_request_id' | 'author_id' | 'author' | 'verdict' | 'body' | 'head' | 'changes' | 'grants'
>;
export type NewComment = Pick<
  Comment,
  | 'merge_request_id'
  | 'author_id'
  | 'author'
  | 'body'
  | 'in_reply_to'
  | 'file'
  | 'line'
  | 'side'
  | 'head'
  | 'base'
>;
export type NewCheck = Pick<
  Check,
  | 'merge_request_id'
  | 'head'
  | 'name'
  | 'state'
  | 'url'
  | 'summary'
  | 'account_id'
  | 'account'
  | 'computer'
  | 'details'
>;

/** A review with its author's current role in the lab, which decides whether it counts. */
export interface ReviewWithStanding extends Review {
  email: string;
  /** Null if the author is not a member of the lab now. A site admin counts as an admin of every lab. */
  role: Role | null;
}

export async function addReview(em: EntityManager, fields: NewReview): Promise<Review> {
  const review = em.create(Review, fields);
  await em.persist(review).flush();
  return review;
}

/** Selects reviews (`r`) of merge requests (`m`), with the e-mail address and the current role of their authors. */
export const REVIEWS = `
  select r.*, coalesce(u.email, '') as email,
         case when u.id is null or u.disabled then null
              when u.is_admin then 'admin'
              else (select s.role from memberships s join labs l on l.id = s.lab_id
                     where s.lab_id = m.lab_id and s.user_id = u.id and not l.disabled)
         end as role
    from reviews r
    join merge_requests m on m.id = r.merge_request_id
    left join users u on u.id = r.author_id`;

/** A row of `REVIEWS`. */
export function mapReview(em: EntityManager, row: Record<string, unknown>): ReviewWithStanding {
  const { email, role, ...review } = row;
  return Object.assign(em.map(Review, review), { email, role }) as ReviewWithStanding;
}

/** The reviews of a merge request, oldest first. */
export async function reviewsOf(
  em: EntityManager,
  mergeRequestId: number,
): Promise<ReviewWithStanding[]> {
  const rows = await em.execute<Record<string, unknown>[]>(
    `${REVIEWS} where m.id = ? order by r.id`,
    [mergeRequestId],
  );
  return rows.map((row) => mapReview(em, row));
}

export async function addComment(em: EntityManager, fields: NewComment): Promise<Comment> {
  const comment = em.create(Comment, fields);
  await em.persist(comment).flush();
  return comment;
}

/** The comments of a merge request, oldest first. */
export async function commentsOf(em: EntityManager, mergeRequestId: number): Promise<Comment[]> {
  return em.find(Comment, { merge_request_id: mergeRequestId }, { orderBy: { id: 'asc' } });
}

/** Saves the result of a check for one head. Replaces an earlier result by the same account or computer. */
export async function putCheck(em: EntityManager, fields: NewCheck): Promise<Check> {
  const by = fields.computer === null ? 'account_id' : 'computer';
  const key = ['merge_request_id', 'head', 'name', by] as const;
  await em.upsert(
    Check,
    { ...fields, updated_at: new Date() },
    { onConflictFields: [...key], disableIdentityMap: true },
  );
  return em.findOneOrFail(Check, pick(fields, key));
}
