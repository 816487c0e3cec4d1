/** Reads and changes accounts. Each change and its audit entry are written in one transaction. */
import { decide } from '../../access/decide.ts';
import { notFound, Problem } from '../../errors.ts';
import type { PageOf } from '../../schemas/common.ts';
import { FoundUser, NewUser, User, UserChange } from '../../schemas/people.ts';
import { fieldsBut, fieldsOf, pick, show } from '../../schemas/pick.ts';
import type { User as UserRow } from '../../store/entities/index.ts';
import { StoreError } from '../../store/errors.ts';
import type { EntityManager } from '../../store/types.ts';
import * as users from '../../store/users.ts';
import { auditChange } from '../audit/entries.ts';
import { authorize, type Caller } from '../caller.ts';
import { inputCheck } from '../check-input.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';
import { passwordFits } from './password.ts';
import { hashPassword, ONE_TIME_PASSWORD_LASTS } from './secrets.ts';
import type { SessionDeps } from './sessions.ts';
import { throwIfTaken } from './unique.ts';

const checkNew = inputCheck(NewUser);
const checkChange = inputCheck(UserChange);

interface UserSearch extends PageOf {
  q?: string;
  username?: string;
}

/** One page of all accounts. Only site admins may list accounts. */
export async function listUsers({ store, rules }: PeopleDeps, caller: Caller, query: UserSearch) {
  authorize(caller, { on: 'site', do: 'manage' }, rules, 'user');
  const { page, filters } = splitPage(query);
  const found = await users.listUsers(store.em(), { ...filters, ...page });
  return answerPage(page, found, found.items.map(showUser));
}

/** Like `listUsers`. Lab admins may search too, but only for a full username, and they see no private fields. */
export async function findUsers(deps: PeopleDeps, caller: Caller, query: UserSearch) {
  const { store, rules } = deps;
  const { q, username } = query;
  const whole = decide(caller.actor, { on: 'site', do: 'manage' }, rules).allowed;
  if (whole || username === undefined || q !== undefined) {
    return await listUsers(deps, caller, query);
  }
  authorize(caller, { on: 'accounts', do: 'find' }, rules, 'user');
  const { page } = splitPage(query);
  const found = await users.listUsers(store.em(), { username, ...page });
  return answerPage(page, found, found.items.map(showPerson));
}

/** Reads an account. People may read their own account, and site admins may read every account. */
export async function readUser({ store, rules }: PeopleDeps, caller: Caller, id: number) {
  authorize(caller, { on: 'account', do: 'read', id }, rules, 'user');
  const user = await users.findUser(store.em(), id);
  if (!user) throw notFound('user');
  return showUser(user);
}

/** `oneTime` means that the registry generated the password, so its owner must change it within a day. */
export interface PasswordKind {
  oneTime?: boolean;
}

const expiryOf = ({ oneTime = false }: PasswordKind): Date | null =>
  oneTime ? new Date(Date.now() + ONE_TIME_PASSWORD_LASTS) : null;

/** Creates an account. Throws `invalid` if the input violates the schema, and `conflict` if name or address is taken. */
export async function createUser(
  { store, rules }: PeopleDeps,
  caller: Caller,
  account: NewUser,
  kind: PasswordKind = {},
): Promise<User> {
  authorize(caller, { on: 'site', do: 'manage' }, rules, 'user');
  checkNew(account);
  const fields = pick(account, fieldsBut(NewUser, 'password'));
  const password_hash = await hashPassword(account.password);
  return await store.transaction(async (em) => {
    const user = await users
      .createUser(em, { ...fields, password_hash, password_expires_at: expiryOf(kind) })
      .catch(nameOrAddressTaken);
    await auditChange(em, caller, 'user.created', 'user', user, null, null, showUser(user));
    return showUser(user);
  });
}

/**
 * Like `changeUser`, but people who change their own password in a browser (`inBrowser`) must send the current one. So
 * nobody can take over the account with a browser that was left open. Elsewhere the current password is optional, but
 * must be right. Also throws `too_many_attempts`.
 */
export async function changeAccount(
  deps: PeopleDeps & SessionDeps,
  caller: Caller,
  id: number,
  { current_password, ...change }: UserChange,
  { inBrowser }: { inBrowser: boolean },
): Promise<User> {
  const isOwn = caller.actor.kind === 'user' && caller.actor.id === id;
  const isAsked = inBrowser || current_password !== undefined;
  if (isOwn && isAsked && change.password !== undefined) {
    authorize(caller, { on: 'account', do: 'change', id }, deps.rules, 'user');
    const own = await users.findUser(deps.store.em(), id);
    // An account that single sign-on has created may have no password.
    if (own?.password_hash) await requireKnown(deps, caller, own, current_password);
  }
  return await changeUser(deps, caller, id, change);
}

async function requireKnown(
  { throttle }: SessionDeps,
  { address }: Caller,
  user: UserRow,
  password: string | undefined,
): Promise<void> {
  const path = 'current_password';
  let message = 'is required to change your own password';
  if (password !== undefined) {
    const { username } = user;
    if (await passwordFits(throttle, address ?? '', user, { username, password })) return;
    message = 'is not your password';
  }
  throw new Problem('invalid', `${path} ${message}`, [{ path, message }]);
}

/**
 * Changes an account. A site admin may change every field. Other people may change their own name, e-mail address and
 * password. Throws the errors of `createUser`.
 */
export async function changeUser(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
  change: Omit<UserChange, 'current_password'>,
  kind: PasswordKind = {},
): Promise<User> {
  const { password } = change;
  const fields = pick(change, users.ACCOUNT_FIELDS);
  const managed = ['username', 'is_admin', 'disabled'].some((field) => field in fields);
  authorize(caller, { on: 'account', do: managed ? 'manage' : 'change', id }, rules, 'user');
  checkChange(change);
  const password_hash = password === undefined ? undefined : await hashPassword(password);
  return await store.transaction(async (em) => {
    const user = await users.holdUser(em, id);
    if (!user) throw notFound('user');
    const before = showUser(user);
    const ended = password_hash !== undefined || fields.disabled === true;
    const changes = {
      ...fields,
      ...(password_hash !== undefined && {
        password_hash,
        password_expires_at: expiryOf(kind),
      }),
      ...(ended && { session_epoch: user.session_epoch + 1 }),
    };
    const changed = await users.updateUser(em, id, changes).catch(nameOrAddressTaken);
    if (!changed) throw notFound('user');
    await requireSomeAdmin(em);
    const after = { ...showUser(changed), ...(password_hash && { password: 'changed' }) };
    await auditChange(em, caller, 'user.changed', 'user', changed, null, before, after);
    return showUser(changed);
  });
}

/** Disables an account. Its row stays, because versions, reviews and audit entries refer to the account. */
export async function removeUser(deps: PeopleDeps, caller: Caller, id: number): Promise<void> {
  await changeUser(deps, caller, id, { disabled: true });
}

/**
 * Turns a unique violation into `conflict`. An e-mail address may belong to one account only, because the rules of review
 * treat two accounts with one mailbox as one person.
 */
function nameOrAddressTaken(error: unknown): never {
  if (!(error instanceof StoreError) || error.constraint !== 'users_mailbox_key') {
    return throwIfTaken(error, 'username');
  }
  throw new Problem(
    'conflict',
    'Another account has this email address (the registry ignores case and the part after a plus sign). Use another address.',
    [{ path: 'email', message: 'is taken' }],
    { cause: error },
  );
}

async function requireSomeAdmin(em: EntityManager): Promise<void> {
  if ((await users.countAdmins(em)) > 0) return;
  throw new Problem(
    'conflict',
    'This is the last site admin. Make somebody else a site admin first.',
  );
}

const showPerson = (user: UserRow) => show(user, fieldsOf(FoundUser));

export const showUser = (user: UserRow): User => show(user, fieldsOf(User));
