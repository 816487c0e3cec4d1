/** Accounts: the user's own, and all accounts for site admins. */
import type { NewUser, UserChange, UserQuery } from '../../registry/schemas/people.ts';
import { client } from './client.ts';
import { session } from './session.ts';

export type { NewUser, User, UserChange } from '../../registry/schemas/people.ts';

export const listUsers = (query: Partial<UserQuery>) => client.users.list(query);

export const createUser = (user: NewUser) => client.users.create(user);

export const changeUser = (id: number, change: UserChange) => client.users.change(id, change);

/** Changes the profile of the signed-in user and reloads the session, so that the bar shows the change at once. */
export async function changeOwn(change: Pick<UserChange, 'name' | 'email'>): Promise<void> {
  await client.users.change(ownId(), change);
  await session.load();
}

/**
 * Sets a new password. A new password ends every session of the account, and starts a new session for this window. If
 * the account has a password, `current_password` must be given.
 */
export async function changeOwnPassword(
  change: Required<Pick<UserChange, 'password'>> & Pick<UserChange, 'current_password'>,
): Promise<void> {
  const { username } = await client.users.change(ownId(), change);
  await session.signIn(username, change.password);
}

function ownId(): number {
  const id = session.me?.user.id;
  if (id === undefined) throw new Error('Nobody is signed in.');
  return id;
}

/** Letters and digits that cannot be mistaken for one another. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ234679';
const PASSWORD_LENGTH = 20;

/** A random password of 20 characters, with more than 100 bits of entropy. */
export function generatePassword(): string {
  let password = '';
  while (password.length < PASSWORD_LENGTH) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    // Skip the highest byte values: with them, the first letters of the alphabet would be more likely than the others.
    if (byte < 256 - (256 % LETTERS.length)) password += LETTERS[byte % LETTERS.length];
  }
  return password;
}
