/** Tokens and sessions end when they expire, on every route, and their rows are deleted. */
import { createHmac } from 'node:crypto';
import t from 'tap';
import { endSession, findSessionUser } from '../../registry/store/sessions.ts';
import { createUser } from '../../registry/store/users.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { gitResult } from '../helpers/git.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

t.test(
  'a token is valid everywhere until it expires, and its owner sees expiry and last use',
  async (t) => {
    const { url, admin, deps, gitUrl } = await startRegistry(t);
    await admin.client.definitions.create({
      name: 'Meter',
      source_code: measurement('Meter'),
      lab_id: (await admin.client.labs.create({ name: 'Nano', code: 'nano' })).id,
    });
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const ask = async (path: string, init: RequestInit = {}, token = admin.token) =>
      fetch(url + path, {
        ...init,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      });
    const made = await ask('/api/tokens', {
      method: 'POST',
      body: JSON.stringify({ name: 'until', scope: 'write', expires_at }),
    });
    const { id, token } = (await made.json()) as { id: number; token: string };
    const shown = async () => {
      const { items } = (await (await ask('/api/tokens')).json()) as { items: Shown[] };
      return items.find((item) => item.id === id);
    };
    t.match(await shown(), { expires_at, last_used_at: null, hint: token.slice(0, 8) });
    const began = Date.now();
    t.equal((await gitResult(['ls-remote', gitUrl('Meter', token)])).code, 0);
    // The registry writes uses of tokens together, about once a second.
    let used = Number.NaN;
    while (Number.isNaN(used)) used = Date.parse((await shown())?.last_used_at ?? '');
    t.ok(used >= began - 1000 && used <= Date.now() + 1000, 'git counts as a use');
    t.equal((await ask('/api/auth/me', {}, token)).status, 200);

    let changes = 0;
    const at = async (ms: number) => {
      const time = new Date(Date.now() + ms);
      await deps.store.em().execute('update tokens set expires_at = ? where id = ?', [time, id]);
      // The registry does not notice this change by SQL. A change of the account makes the registry read the token
      // again.
      await admin.client.users.change(admin.id, { name: `Root ${++changes}` });
    };
    await at(-1);
    t.equal((await ask('/api/auth/me', {}, token)).status, 401);
    const cloned = await gitResult(['ls-remote', gitUrl('Meter', token)]);
    t.match(cloned, { stderr: /Authentication failed/ });
    t.not(cloned.code, 0);
    t.ok(await shown(), 'it stays listed until it is deleted');
    await at(60_000);
    t.equal((await ask('/api/auth/me', {}, token)).status, 200);

    for (const past of ['2020-01-01T00:00:00Z', new Date(Date.now() - 1).toISOString()]) {
      const body = JSON.stringify({ name: 'past', scope: 'read', expires_at: past });
      t.equal((await ask('/api/tokens', { method: 'POST', body })).status, 422);
    }
  },
);
interface Shown {
  id: number;
  expires_at: string | null;
  last_used_at: string | null;
}

t.test(
  'a session is valid until it expires, as cookie and as Bearer, and not for git',
  async (t) => {
    const { url, anonymous, gitUrl } = await startRegistry(t);
    const { token } = await anonymous.login('root', 'password of root');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    t.equal(claims.exp - claims.iat, 8 * 3600);
    const now = Math.floor(Date.now() / 1000);
    for (const [exp, status] of [
      [now + 60, 200],
      [now - 1, 401],
    ] as const) {
      const session = signClaims({ ...claims, exp });
      const bearer = await fetch(`${url}/api/auth/me`, {
        headers: { authorization: `Bearer ${session}` },
      });
      t.equal(bearer.status, status);
      const cookie = { cookie: `registry_session=${session}` };
      t.equal((await fetch(`${url}/api/auth/me`, { headers: cookie })).status, status);
    }
    const { exp: _, ...forever } = claims;
    const endless = { authorization: `Bearer ${signClaims(forever)}` };
    t.equal(
      (await fetch(`${url}/api/auth/me`, { headers: endless })).status,
      401,
      'a session without expiry is invalid',
    );
    t.match(await gitResult(['ls-remote', gitUrl('Meter', token)]), {
      stderr: /Authentication failed/,
    });
  },
);

/** Signs claims as the test registry signs sessions. */
function signClaims(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', 'x'.repeat(32)).update(text).digest('base64url')}`;
}

await onEachDatabase(
  t,
  'an ended session is stored until a month after its own expiry',
  async (t, store) => {
    const em = store.em();
    const { id: userId } = await createUser(em, { username: 'ada' });
    const ended = async () =>
      (await em.execute<{ id: string }[]>('select id from ended_sessions order by id')).map(
        (row) => row.id,
      );
    const inMs = (ms: number) => new Date(Date.now() + ms);
    await endSession(em, 'long', inMs(3_600_000));
    await endSession(em, 'past', inMs(-31 * 24 * 3_600_000));
    await endSession(em, 'just', inMs(-1));
    t.same(await ended(), ['just', 'long'], 'each sign-out deletes rows that expired long ago');
    t.equal(await findSessionUser(em, { userId, epoch: 0, id: 'long' }), null);
    t.equal((await findSessionUser(em, { userId, epoch: 0, id: 'other' }))?.id, userId);
  },
);
