/** Finds rows that the registry itself never writes, so somebody must have changed the database. */
import type { EntityManager } from './types.ts';

export interface OddMergeRequest {
  id: number;
  definition: string;
  state: string;
  version: number | null;
}

/**
 * Finds merge requests that are merged but have no version, or that are not merged but have one. Also finds those that
 * have been `opening` for more than an hour, because writing the refs takes only a moment. Skips merge requests of
 * deleted definitions, because there are no versions to compare with.
 */
export async function oddMergeRequests(em: EntityManager): Promise<OddMergeRequest[]> {
  return await em.execute<OddMergeRequest[]>(
    `select m.id, m.definition, m.state, m.merged_version as version
       from merge_requests m
       left join versions v on v.definition_id = m.definition_id and v.version = m.merged_version
      where m.definition_id is not null
        and ((m.state = 'merged' and v.merge_request is distinct from m.id)
          or (m.state <> 'merged' and m.merged_version is not null)
          or (m.state = 'opening' and m.updated_at < now() - interval '1 hour'))
      order by m.id`,
  );
}

/**
 * Finds accounts with a `session_epoch` that is too low. Each new password, and each disabling of the account, must
 * have raised this number by one. The audit trail says how often both happened.
 */
export async function sessionsSetBack(
  em: EntityManager,
): Promise<{ username: string; epoch: number; least: number }[]> {
  return await em.execute(
    `select u.username, u.session_epoch as epoch, count(*)::int as least
       from users u join audit_events a
         on a.action = 'user.changed' and a.subject_type = 'user' and a.subject_id = u.id
      where a.after ->> 'password' = 'changed'
         or ((a.after ->> 'disabled')::boolean and not (a.before ->> 'disabled')::boolean)
      group by u.id having u.session_epoch < count(*)
      order by u.id`,
  );
}
