/** Accounts: one's own, and everybody's for site admins. */
import type { NewUser, UserChange, UserQuery } from '../../registry/schemas/people.ts';
import { client } from './client.ts';
import { session } from './session.ts';

export type { NewUser, User, UserChange } from '../../registry/schemas/people.ts';

export const listUsers = (query: Partial<UserQuery>) => client.users.list(query);

export const createUser = (user: NewUser) => client.users.create(user);

export const changeUser = (id: number, change: UserChange) => client.users.change(id, change);

/** Changes who is signed in; the bar shows it at once. */
export async function changeOwn(change: Pick<UserChange, 'name' | 'email'>): Promise<void> {
  await client.users.change(ownId(), change);
  await session.load();
}

/** Ends every session of the account; this window gets a new one. `current_password` where the account has one. */
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

/** Letters and digits that nobody takes for each other when they read them out. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ234679';
const PASSWORD_LENGTH = 20;

/** A password that nobody has thought of: 20 letters, over 100 bits. */
export function makePassword(): string {
  let password = '';
  while (password.length < PASSWORD_LENGTH) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    // What is over the last whole round of the alphabet would make its first letters likelier.
    if (byte < 256 - (256 % LETTERS.length)) password += LETTERS[byte % LETTERS.length];
  }
  return password;
}
