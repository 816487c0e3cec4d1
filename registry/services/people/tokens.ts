/** Lists, creates and deletes the caller's own tokens. */
import type { Rules } from '../../access/decide.ts';
import { notFound, Problem } from '../../errors.ts';
import { NewToken, Token } from '../../schemas/people.ts';
import { fieldsOf, show } from '../../schemas/pick.ts';
import { parseTime } from '../../schemas/time.ts';
import * as tokens from '../../store/tokens.ts';
import { auditChange } from '../audit/entries.ts';
import { authorize, type Caller, requirePerson } from '../caller.ts';
import { inputCheck } from '../check-input.ts';
import type { PeopleDeps } from '../deps.ts';
import { newToken } from './secrets.ts';

/** Checks a new token here, because no route has checked the input of the command line. */
const checkNew = inputCheck({ ...NewToken, required: ['name'] });

/** The caller's own tokens. The registry stores only hashes of tokens, so it cannot show the tokens themselves. */
export async function listTokens({ store, rules }: PeopleDeps, caller: Caller) {
  const userId = ownId(caller, rules);
  const items = await tokens.listTokens(store.em(), userId);
  return {
    items: items.map((token) => show(token, fieldsOf(Token))),
    total: items.length,
    page: 1,
    per_page: Math.max(items.length, 1),
  };
}

export async function createToken(deps: PeopleDeps, caller: Caller, wanted: NewToken) {
  return await insertToken(deps, caller, ownId(caller, deps.rules), wanted);
}

/** Creates a token for a user. Only this answer contains the token itself. */
export async function insertToken(
  { store }: PeopleDeps,
  caller: Caller,
  userId: number,
  { name, scope, expires_at }: NewToken,
) {
  checkNew({ name });
  const expires = expires_at ? parseTime(expires_at) : null;
  if (expires_at && !expires) {
    throw new Problem('invalid', 'This is not a valid time. Write times as 2027-01-31T12:00:00Z.', [
      { path: 'expires_at', message: 'must be a time with its zone (RFC 3339)' },
    ]);
  }
  if (expires && expires <= new Date()) {
    throw new Problem('invalid', 'The expiry time is in the past. Choose a later one.', [
      { path: 'expires_at', message: 'must be in the future' },
    ]);
  }
  const { secret, hash, hint } = newToken();
  return await store.transaction(async (em) => {
    const made = await tokens.createToken(em, {
      user_id: userId,
      name,
      scope,
      hash,
      hint,
      expires_at: expires,
    });
    await auditChange(em, caller, 'token.created', 'token', made, null, null, {
      name,
      scope,
      hint,
    });
    return {
      id: made.id,
      name,
      scope,
      expires_at: expires?.toISOString() ?? null,
      token: secret,
    };
  });
}

export async function removeToken(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
): Promise<void> {
  const userId = ownId(caller, rules);
  await store.transaction(async (em) => {
    const [token] = (await tokens.listTokens(em, userId)).filter((own) => own.id === id);
    if (!token) throw notFound('token');
    await tokens.deleteToken(em, userId, id);
    await auditChange(
      em,
      caller,
      'token.deleted',
      'token',
      token,
      null,
      { name: token.name },
      null,
    );
  });
}

function ownId(caller: Caller, rules: Rules): number {
  authorize(caller, { on: 'own-tokens', do: 'manage' }, rules, 'token');
  return requirePerson(caller).id;
}
