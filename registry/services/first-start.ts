/** The first administrator, made while there is no user. */
import type { Config } from '../config.ts';
import type { Store } from '../store/open.ts';
import { hasUsers } from '../store/users.ts';
import { OPERATOR } from './caller.ts';
import type { PeopleRooms } from './definitions/note.ts';
import { newPassword } from './people/secrets.ts';
import { makeToken } from './people/tokens.ts';
import { createUser } from './people/users.ts';

export interface FirstAdmin {
  username: string;
  /** Shown once; null where the configuration gave it. */
  password: string | null;
  /** For the clone line of the greeting. */
  token: string;
}

/** Null where there are users already. */
export async function createFirstAdmin(
  rooms: PeopleRooms & { store: Store },
  config: Pick<Config, 'ADMIN_USERNAME' | 'ADMIN_PASSWORD'>,
): Promise<FirstAdmin | null> {
  if (await hasUsers(rooms.store.em())) return null;
  const password = config.ADMIN_PASSWORD ?? newPassword();
  const user = await createUser(rooms, OPERATOR, {
    username: config.ADMIN_USERNAME,
    password,
    name: 'Administrator',
    email: `${config.ADMIN_USERNAME}@registry.invalid`,
    is_admin: true,
  });
  const { token } = await makeToken(rooms, OPERATOR, user.id, {
    name: 'first start',
    scope: 'write',
  });
  return { username: user.username, password: config.ADMIN_PASSWORD ? null : password, token };
}
