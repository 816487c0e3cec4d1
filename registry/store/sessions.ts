import { raw } from '@mikro-orm/core';
import { EndedSession, User } from './entities/index.ts';
import type { EntityManager } from './types.ts';

export interface SessionId {
  userId: number;
  /** The user's `session_epoch` when the session started. */
  epoch: number;
  id: string;
}

/** Finds the user of a session. Returns null if the session has ended or the account is disabled. */
export async function findSessionUser(
  em: EntityManager,
  { userId, epoch, id }: SessionId,
): Promise<User | null> {
  return em.findOne(User, {
    id: userId,
    session_epoch: epoch,
    disabled: false,
    [raw('not exists (select 1 from ended_sessions where id = ?)', [id])]: [],
  });
}

/** In milliseconds. A clock that ran ahead may be set back, and then tokens that had expired are valid again. */
const KEPT_LONGER = 30 * 24 * 60 * 60_000;

/**
 * Ends a session. An ended session needs a row only until its token expires, so this function also deletes the rows of
 * tokens that expired long ago.
 */
export async function endSession(em: EntityManager, id: string, expires: Date): Promise<void> {
  await em.nativeDelete(EndedSession, { expires_at: { $lt: new Date(Date.now() - KEPT_LONGER) } });
  await em.upsert(EndedSession, { id, expires_at: expires });
}
