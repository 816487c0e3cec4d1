/** Checks a password, and throttles guessing. */
import type { User } from '../../store/entities/index.ts';
import { verifyPassword } from './secrets.ts';
import type { Throttle } from './throttle.ts';

/**
 * False for an account that is disabled, has no password, or does not exist (`username` is then the requested
 * name). Throws `too_many_attempts` if this name was tried too often from this address.
 */
export async function passwordFits(
  throttle: Throttle,
  address: string,
  user: User | null,
  { username, password }: { username: string; password: string },
): Promise<boolean> {
  const tries = throttle.signIn(address, user?.username ?? username);
  tries.demand();
  // Requests that waited for their turn are checked again when it comes.
  const right = await tries.inTurn(() =>
    verifyPassword(user?.password_hash, password, tries.demand),
  );
  const fits = right && user !== null && !user.disabled;
  if (fits) tries.succeeded();
  else tries.failed();
  return fits;
}
