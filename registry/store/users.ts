import { LockMode, raw } from '@mikro-orm/core';
import { UserChange } from '../schemas/people.ts';
import { fieldsBut, pick } from '../schemas/pick.ts';
import { emptyRow, writtenColumns } from './columns.ts';
import type { Key } from './cursor.ts';
import { User } from './entities/index.ts';
import { listEntities } from './paging.ts';
import { beginning, containing } from './search.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** The columns that a request may set and that are stored as sent. */
export const ACCOUNT_FIELDS = fieldsBut(UserChange, 'password', 'current_password');
/** The columns that follow from a new password. A new `session_epoch` ends all sessions of the account. */
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

/** Finds an account and locks it until the transaction ends, so that nobody else changes it meanwhile. */
export async function holdUser(em: EntityManager, id: number): Promise<User | null> {
  return em.findOne(User, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

/** Finds a user by username (case-insensitive). */
export async function findUserByName(em: EntityManager, username: string): Promise<User | null> {
  return em.findOne(User, { [raw('lower(username) = lower(?)', [username])]: [] });
}

/** Finds the user with this address. Ignores case. Returns null if no user, or more than one, has it. */
export async function findUserByEmail(em: EntityManager, email: string): Promise<User | null> {
  const found = await em.find(
    User,
    { [raw('lower(email) = lower(?)', [email])]: [] },
    { limit: 2 },
  );
  return found.length === 1 ? (found[0] as User) : null;
}

/** Whether an account has this address or another spelling of it (see access/review/mailbox.ts). */
export async function isAddressTaken(em: EntityManager, email: string): Promise<boolean> {
  const rows = await em.execute('select 1 from users where mailbox = mailbox_of(?)', [email]);
  return rows.length > 0;
}

/**
 * The usernames of accounts that have the same mailbox as an older account. Only accounts from a time when addresses
 * were not unique can share a mailbox.
 */
export async function sharingAddresses(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ username: string }[]>(
    `select username from users where mailbox is null and email <> '' order by id`,
  );
  return rows.map(({ username }) => username);
}

/** Returns `wanted` if this username is free, and otherwise `wanted-2`, `wanted-3` and so on. Ignores case. */
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
 * A page of users, ordered by username. `q` matches a part of the username, name or e-mail address. `username` matches a
 * complete username. Both ignore case.
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

/**
 * Whether there is any user. Every start calls this function, so it uses plain SQL: the ORM's first query takes longer.
 */
export async function hasUsers(em: EntityManager): Promise<boolean> {
  return (await em.execute('select 1 from users limit 1')).length > 0;
}

/** Throws `unique_violation` (`users_username_key`, `users_mailbox_key`) if the username or the address is taken. */
export async function createUser(em: EntityManager, fields: NewUser): Promise<User> {
  const user = em.create(User, { ...emptyRow(em, User), ...pick(fields, WRITTEN) });
  await em.persist(user).flush();
  return user;
}

/** Changes the given columns. Returns null if the user does not exist. Throws `unique_violation`. */
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

/** Counts the site admins who are not disabled. */
export async function countAdmins(em: EntityManager): Promise<number> {
  return em.count(User, { is_admin: true, disabled: false });
}

/** The accounts with these ids, by id. */
export async function usersById(
  em: EntityManager,
  ids: Iterable<number | null>,
): Promise<Map<number, User>> {
  const wanted = [...new Set([...ids].filter((id) => id !== null))];
  const users = await em.find(User, { id: { $in: wanted } });
  return new Map(users.map((user) => [user.id, user]));
}
