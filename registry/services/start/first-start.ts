/** Creates the first administrator while there is no user. */
import type { Config } from '../../config.ts';
import type { Store } from '../../store/open.ts';
import { hasUsers } from '../../store/users.ts';
import { OPERATOR } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { newPassword } from '../people/secrets.ts';
import { insertToken } from '../people/tokens.ts';
import { createUser } from '../people/users.ts';

export interface FirstAdmin {
  username: string;
  /** Shown once; null if it was configured. */
  password: string | null;
  /** For the clone line of the greeting; null without a terminal. */
  token: string | null;
}

/** How long the token of the clone line is valid, in milliseconds. */
const TOKEN_LASTS = 24 * 60 * 60 * 1000;

/**
 * Null if there are users already. A token is created only for a terminal, because other output may be stored
 * by whatever collects logs. The password is valid for a day.
 */
export async function createFirstAdmin(
  deps: PeopleDeps & { store: Store },
  config: Pick<Config, 'ADMIN_USERNAME' | 'ADMIN_PASSWORD'>,
  { withToken }: { withToken: boolean },
): Promise<FirstAdmin | null> {
  if (await hasUsers(deps.store.em())) return null;
  const oneTime = config.ADMIN_PASSWORD === undefined;
  const password = config.ADMIN_PASSWORD ?? newPassword();
  const account = {
    username: config.ADMIN_USERNAME,
    password,
    name: 'Administrator',
    email: `${config.ADMIN_USERNAME}@registry.invalid`,
    is_admin: true,
  };
  const user = await createUser(deps, OPERATOR, account, { oneTime });
  return {
    username: user.username,
    password: oneTime ? password : null,
    token: withToken ? await tokenFor(deps, user.id) : null,
  };
}

async function tokenFor(deps: PeopleDeps, userId: number): Promise<string> {
  const { token } = await insertToken(deps, OPERATOR, userId, {
    name: 'first start',
    scope: 'write',
    expires_at: new Date(Date.now() + TOKEN_LASTS).toISOString(),
  });
  return token;
}
