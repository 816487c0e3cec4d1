import { LockMode, raw } from '@mikro-orm/core';
import { UserChange } from '../schemas/people.ts';
import { fieldsBut, pick } from '../schemas/pick.ts';
import { emptyRow, writtenColumns } from './columns.ts';
import type { Key } from './cursor.ts';
import { User } from './entities/index.ts';
import { listEntities } from './paging.ts';
import { beginning, containing } from './search.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** The fields of an account that a request may set and that are stored unchanged. */
export const ACCOUNT_FIELDS = fieldsBut(UserChange, 'password', 'current_password');
/** Fields derived from a new password; they end sessions. */
const SECRET_FIELDS = ['password_hash', 'password_expires_at', 'session_epoch'] as const;
const WRITTEN = writtenColumns(
  User,
  [...ACCOUNT_FIELDS, ...SECRET_FIELDS],
  ['id', 'mailbox', 'created_at'],
);

export type UserFields = Pick<User, (typeof WRITTEN)[number]>;
export type NewUser = Pick<UserFields, 'username'> & Partial<UserFields>;

export async function findUser(em: EntityManager, id: number): Promise<User | null> {
  return em.findOne(User, { id });
}

/** Like `findUser`; the account is locked until the transaction ends, so that it is what a change is made from. */
export async function holdUser(em: EntityManager, id: number): Promise<User | null> {
  return em.findOne(User, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

/** Finds a user by name, case ignored. */
export async function findUserByName(em: EntityManager, username: string): Promise<User | null> {
  return em.findOne(User, { [raw('lower(username) = lower(?)', [username])]: [] });
}

/** Finds the user with this address, case ignored; null if there is none, or more than one. */
export async function findUserByEmail(em: EntityManager, email: string): Promise<User | null> {
  const found = await em.find(
    User,
    { [raw('lower(email) = lower(?)', [email])]: [] },
    { limit: 2 },
  );
  return found.length === 1 ? (found[0] as User) : null;
}

/** Whether an account has this address, or another address of the same mailbox. */
export async function isAddressTaken(em: EntityManager, email: string): Promise<boolean> {
  const rows = await em.execute('select 1 from users where mailbox = mailbox_of(?)', [email]);
  return rows.length > 0;
}

/**
 * Usernames of accounts that share their mailbox with an older account. Only accounts from before addresses
 * were unique can.
 */
export async function sharingAddresses(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ username: string }[]>(
    `select username from users where mailbox is null and email <> '' order by id`,
  );
  return rows.map(({ username }) => username);
}

/** `wanted` if it is free (case ignored); otherwise with the lowest number that makes it free. */
export async function freeUsername(em: EntityManager, wanted: string): Promise<string> {
  const rows = await em.execute<{ taken: string }[]>(
    'select lower(username) as taken from users where lower(username) like lower(?)',
    [beginning(wanted)],
  );
  const taken = new Set(rows.map((row) => row.taken));
  let name = wanted;
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${wanted}-${n}`;
  return name;
}

const BY_NAME: Key[] = [{ column: 'username', kind: 'text', lower: true }];

/**
 * Ordered by username. `q` matches a part of username, name or e-mail, `username` the whole username; case
 * ignored.
 */
export async function listUsers(
  em: EntityManager,
  options: Page & { q?: string | undefined; username?: string | undefined },
): Promise<Listed<User>> {
  const pattern = containing(options.q ?? '');
  const where = {
    ...(options.q && {
      $or: [
        { username: { $ilike: pattern } },
        { name: { $ilike: pattern } },
        { email: { $ilike: pattern } },
      ],
    }),
    ...(options.username !== undefined && {
      [raw('lower(username) = lower(?)', [options.username])]: [],
    }),
  };
  return await listEntities(em, User, where, BY_NAME, options);
}

/** Runs at every start, so it avoids the mapper, whose first query takes longer than the database. */
export async function hasUsers(em: EntityManager): Promise<boolean> {
  return (await em.execute('select 1 from users limit 1')).length > 0;
}

/**
 * Throws `unique_violation` (`users_username_key`, `users_mailbox_key`) if the name or the address is taken.
 */
export async function createUser(em: EntityManager, fields: NewUser): Promise<User> {
  const user = em.create(User, { ...emptyRow(em, User), ...pick(fields, WRITTEN) });
  await em.persist(user).flush();
  return user;
}

/** Changes the given fields; null if the user does not exist. Throws `unique_violation`. */
export async function updateUser(
  em: EntityManager,
  id: number,
  changes: Partial<UserFields>,
): Promise<User | null> {
  const user = await em.findOne(User, { id });
  if (!user) return null;
  em.assign(user, pick(changes, WRITTEN));
  await em.flush();
  return user;
}

/** The number of site admins who can sign in. */
export async function countAdmins(em: EntityManager): Promise<number> {
  return em.count(User, { is_admin: true, disabled: false });
}

/** The accounts with these ids, in one query. */
export async function usersById(
  em: EntityManager,
  ids: Iterable<number | null>,
): Promise<Map<number, User>> {
  const wanted = [...new Set([...ids].filter((id) => id !== null))];
  const users = await em.find(User, { id: { $in: wanted } });
  return new Map(users.map((user) => [user.id, user]));
}
