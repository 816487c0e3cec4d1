/** Reads, in one statement, all rows that belong to a merge request. */
import { Check, Comment, Lab, MergeRequestHead, type User } from './entities/index.ts';
import { mapReview, REVIEWS, type ReviewWithStanding } from './reviews.ts';
import type { EntityManager } from './types.ts';

/** The rows that belong to a merge request. Lists are in the order in which their rows were written. */
export interface ReviewRecords {
  /** The merge request's lab. */
  lab: Lab | null;
  heads: MergeRequestHead[];
  reviews: ReviewWithStanding[];
  comments: Comment[];
  /** The checks of one head, by name. */
  checks: PostedCheck[];
  /** The accounts that the other rows and the lab's policy name, by id. */
  people: Map<number, Person>;
}

/** A check, with the lab of the bench computer that posted it; null if no bench of a lab in use did. */
export type PostedCheck = Check & { bench_lab: number | null };

/** What a page shows of an account, and what rules compare. */
export type Person = Pick<User, 'id' | 'username' | 'name' | 'email'>;

const PERSON = `jsonb_build_object('id', u.id, 'username', u.username, 'name', u.name, 'email', u.email)`;

const RECORDS = `
  with request as (select * from merge_requests where id = ?),
       policy as (select l.* from labs l join request m on m.lab_id = l.id),
       heads as (select h.* from merge_request_heads h join request m on m.id = h.merge_request_id),
       opinions as (${REVIEWS} where m.id = (select id from request)),
       named as (
         select unnest(array[author_id, decided_by]) as id from request
         union select pushed_by from heads
         union select author_id::int from heads, jsonb_array_elements(author_ids) as author_id
         union select author_id from opinions
         union select account::int from policy, jsonb_each(required_checks) as required(name, account)
                where jsonb_typeof(account) = 'number'
         union select owner::int from policy, jsonb_array_elements(owners) as rule,
                      jsonb_array_elements(rule -> 'users') as owner)
  select (select to_jsonb(l) from policy l) as lab,
         (select jsonb_agg(to_jsonb(h) order by h.id) from heads h) as heads,
         (select jsonb_agg(to_jsonb(o) order by o.id) from opinions o) as reviews,
         (select jsonb_agg(to_jsonb(c) order by c.id)
            from comments c join request m on m.id = c.merge_request_id) as comments,
         (select jsonb_agg(to_jsonb(c) || jsonb_build_object('bench_lab', l.id) order by c.name, c.id)
            from checks c join request m on m.id = c.merge_request_id
            left join computers k on k.id = c.computer and k.is_bench
            left join labs l on l.id = k.lab_id and not l.disabled
           where c.head = ?) as checks,
         (select jsonb_agg(${PERSON}) from users u where u.id in (select id from named)) as people`;

type Row = Record<string, unknown>;

interface Found extends Record<Exclude<keyof ReviewRecords, 'lab' | 'people'>, Row[] | null> {
  lab: Row | null;
  people: Person[] | null;
}

/** Everything that belongs to the merge request with this id, with the checks of `head`. */
export async function reviewRecords(
  em: EntityManager,
  id: number,
  head: string,
): Promise<ReviewRecords> {
  const [row] = await em.execute<[Found]>(RECORDS, [id, head]);
  return {
    lab: row.lab && em.map(Lab, row.lab),
    heads: (row.heads ?? []).map((one) => em.map(MergeRequestHead, one)),
    reviews: (row.reviews ?? []).map((one) => mapReview(em, one)),
    comments: (row.comments ?? []).map((one) => em.map(Comment, one)),
    checks: (row.checks ?? []).map(({ bench_lab, ...check }) =>
      Object.assign(em.map(Check, check), { bench_lab: bench_lab as number | null }),
    ),
    people: new Map((row.people ?? []).map((one) => [one.id, one])),
  };
}
