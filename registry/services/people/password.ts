/** Checks passwords, and slows down guessing. */
import type { User } from '../../store/entities/index.ts';
import { verifyPassword } from './secrets.ts';
import type { Throttle } from './throttle.ts';

/**
 * Whether the password is right. False if the account does not exist, is disabled or has no password. `username` is the
 * name in the request if there is no account. Throws `too_many_attempts` if this name was tried too often from this
 * address.
 */
export async function passwordFits(
  throttle: Throttle,
  address: string,
  user: User | null,
  { username, password }: { username: string; password: string },
): Promise<boolean> {
  const tries = throttle.signIn(address, user?.username ?? username);
  tries.demand();
  // `demand` is called again when a request's turn comes, because other tries may have failed while it waited.
  const right = await tries.inTurn(() =>
    verifyPassword(user?.password_hash, password, tries.demand),
  );
  const fits = right && user !== null && !user.disabled;
  if (fits) tries.succeeded();
  else tries.failed();
  return fits;
}
