/** The commands `registry user …` and `registry token …`. */
import { Problem } from '../errors.ts';
import type { Deps } from '../open.ts';
import { OPERATOR } from '../services/caller.ts';
import { newPassword } from '../services/people/secrets.ts';
import { insertToken } from '../services/people/tokens.ts';
import { changeUser, createUser, listUsers } from '../services/people/users.ts';
import { findUserByName } from '../store/users.ts';
import type { Terminal } from './terminal.ts';

export interface UserOptions {
  username: string;
  name?: string;
  email?: string;
  admin?: boolean;
  /** If no password is given, one is generated and printed. */
  password?: string;
}

export async function addUser(deps: Deps, terminal: Terminal, options: UserOptions) {
  const oneTime = options.password === undefined;
  const password = options.password ?? newPassword();
  const account = {
    username: options.username,
    password,
    name: options.name ?? options.username,
    email: options.email ?? `${options.username}@registry.invalid`,
    is_admin: options.admin ?? false,
  };
  const user = await createUser(deps, OPERATOR, account, { oneTime });
  terminal.out(`Created the account ${user.username} (id ${user.id}).`);
  if (oneTime) tellPassword(terminal, password);
  return 0;
}

export async function setPassword(deps: Deps, terminal: Terminal, options: UserOptions) {
  const user = await userNamed(deps, options.username);
  const oneTime = options.password === undefined;
  const password = options.password ?? newPassword();
  await changeUser(deps, OPERATOR, user.id, { password }, { oneTime });
  terminal.out(`Changed the password of ${user.username}. All sessions of the account have ended.`);
  if (oneTime) tellPassword(terminal, password);
  return 0;
}

function tellPassword(terminal: Terminal, password: string): void {
  terminal.out(`Password: ${password}`);
  terminal.err(
    'The password is valid for 24 hours. The owner of the account must sign in within 24 hours and choose a new password.',
  );
}

export async function showUsers(deps: Deps, terminal: Terminal) {
  const first = { page: 1, per_page: 500 };
  let after: string | undefined;
  do {
    const { items, next } = await listUsers(deps, OPERATOR, { ...first, ...(after && { after }) });
    for (const { id, username, name, email, is_admin, disabled } of items) {
      const marks = [is_admin ? 'site admin' : '', disabled ? 'disabled' : ''].filter(Boolean);
      terminal.out([id, username, name, email, marks.join(', ')].join('\t'));
    }
    after = next;
  } while (after !== undefined);
  return 0;
}

export interface TokenOptions {
  username: string;
  name: string;
  scope: 'read' | 'write' | 'admin';
  expires?: string;
}

export async function createToken(deps: Deps, terminal: Terminal, options: TokenOptions) {
  const user = await userNamed(deps, options.username);
  const { token } = await insertToken(deps, OPERATOR, user.id, {
    name: options.name,
    scope: options.scope,
    ...(options.expires !== undefined && { expires_at: options.expires }),
  });
  terminal.out(token);
  terminal.err('The token is shown only once.');
  return 0;
}

async function userNamed({ store }: Deps, username: string) {
  const user = await findUserByName(store.em(), username);
  if (!user) throw new Problem('not_found', `There is no account named ${username}.`);
  return user;
}
