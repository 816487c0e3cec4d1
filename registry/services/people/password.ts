/** Whether somebody knows the password of an account; whoever guesses is slowed down. */
import type { User } from '../../store/entities/index.ts';
import { verifyPassword } from './secrets.ts';
import type { Throttle } from './throttle.ts';

/**
 * False for an account that is disabled, has no password, or is none (`username` is then what was asked for). Throws
 * `too_many_attempts` where this name was tried too often from there.
 */
export async function passwordFits(
  throttle: Throttle,
  address: string,
  user: User | null,
  { username, password }: { username: string; password: string },
): Promise<boolean> {
  const tries = throttle.signIn(address, user?.username ?? username);
  tries.demand();
  // Those who wait for their turn meanwhile are asked again when it comes.
  const right = await tries.inTurn(() =>
    verifyPassword(user?.password_hash, password, tries.demand),
  );
  const fits = right && user !== null && !user.disabled;
  if (fits) tries.succeeded();
  else tries.failed();
  return fits;
}
