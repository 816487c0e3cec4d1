/** Creates the first administrator if there are no users. */
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
  /** The generated password, which is shown once. Null if the password was configured. */
  password: string | null;
  /** The token in the clone line that the first start prints. Null without a terminal. */
  token: string | null;
}

/** How long the token in the clone line is valid, in milliseconds. */
const TOKEN_LASTS = 24 * 60 * 60 * 1000;

/**
 * Creates the first administrator, or returns null if there are users already. `withToken` must be false without a
 * terminal, because a log collector may store the output. A generated password is valid for a day.
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
