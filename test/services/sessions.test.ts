/** Which sessions are valid, and what ends them. test/scenarios/other-sites.test.ts tests when a cookie counts. */
import { createHmac } from 'node:crypto';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { sessionCookieName } from '../../registry/plugins/session-cookie.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

/** The secret of every test registry. */
const SECRET = 'x'.repeat(32);
let registry: TestRegistry;
let epoch = 0;
t.before(async () => {
  registry = await startRegistry(t);
  const { token } = await signIn('root');
  epoch = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).epoch;
});

async function signIn(username: string, password = `password of ${username}`) {
  return await registry.anonymous.login(username, password);
}

const me = (token: string) =>
  fetch(`${registry.url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } });

function jwt(claims: object, { alg = 'HS256', secret = SECRET } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  if (alg === 'none') return `${signed}.`;
  const digest = alg === 'HS512' ? 'sha512' : 'sha256';
  return `${signed}.${createHmac(digest, secret).update(signed).digest('base64url')}`;
}

t.test('a session is valid if the registry signed it and it has not expired', async (t) => {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: String(registry.admin.id), epoch, jti: 'one', iat: now, exp: now + 600 };
  t.equal((await me(jwt(claims))).status, 200, 'the signed session is valid');
  const bad: Record<string, string> = {
    'another secret': jwt(claims, { secret: 'y'.repeat(32) }),
    'no signature': jwt(claims, { alg: 'none' }),
    'another algorithm': jwt(claims, { alg: 'HS512' }),
    expired: jwt({ ...claims, iat: now - 20, exp: now - 10 }),
    'another epoch': jwt({ ...claims, epoch: epoch + 1 }),
    'no such account': jwt({ ...claims, sub: '9999' }),
    'an id out of range': jwt({ ...claims, sub: '99999999999999999999' }),
    'no session': 'a.b.c',
  };
  for (const [what, token] of Object.entries(bad)) t.equal((await me(token)).status, 401, what);
});

t.test('a new password or disabling the account ends its sessions', async (t) => {
  const { admin, person } = registry;
  const ada = await person('ada');
  const first = await signIn('ada');
  await admin.client.users.change(ada.id, { password: 'another password' });
  t.equal((await me(first.token)).status, 401);
  await t.rejects(signIn('ada'), { status: 401 } as never);
  const second = await signIn('ada', 'another password');
  t.equal((await me(second.token)).status, 200);
  await admin.client.users.change(ada.id, { disabled: true });
  t.equal((await me(second.token)).status, 401);
  await t.rejects(signIn('ada', 'another password'), { status: 401 } as never);
});

t.test(
  'signing out ends only that session, and the audit trail has sign-in and sign-out',
  async (t) => {
    await registry.person('eva');
    const [first, second] = [await signIn('eva'), await signIn('eva')];
    const signOut = (headers: Record<string, string>) =>
      fetch(`${registry.url}/api/auth/logout`, { method: 'POST', headers });
    const authorization = `Bearer ${first.token}`;
    t.equal((await signOut({ authorization })).status, 204);
    t.equal((await me(first.token)).status, 401, 'also as a Bearer token');
    t.equal((await me(second.token)).status, 200);
    t.equal((await signOut({ authorization })).status, 204, 'repeating it is not an error');
    const cookie = `registry_session=${second.token}`;
    t.equal((await signOut({ cookie, origin: registry.url })).status, 204);
    t.equal((await me(second.token)).status, 401);

    const { items } = await registry.admin.client.audit({ actor: 'eva' });
    t.same(
      items.map(({ action, address }) => [action, address]),
      ['ended', 'ended', 'started', 'started'].map((what) => [`session.${what}`, '127.0.0.1']),
    );
  },
);

t.test('many concurrent sign-ins each get the right answer', async (t) => {
  const passwords = Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? undefined : `wrong ${i}`));
  const answers = await Promise.allSettled(passwords.map((password) => signIn('root', password)));
  for (const [i, password] of passwords.entries()) {
    t.equal(answers[i]?.status, password === undefined ? 'fulfilled' : 'rejected', `${i}`);
  }
  await t.rejects(signIn('nobody-at-all'), { status: 401 } as never);
});

/** Sends a request as a page of the registry does, with the cookie of an ended session. */
const withDeadCookie = (path: string, init: RequestInit = {}) =>
  fetch(registry.url + path, {
    ...init,
    headers: {
      ...init.headers,
      'sec-fetch-site': 'same-origin',
      cookie: `registry_session=${jwt({ sub: String(registry.admin.id), epoch: epoch + 1 })}`,
    },
  });
const cleared = /^registry_session=;.* Expires=Thu, 01 Jan 1970/;

t.test('the cookie of an ended session is ignored and removed', async (t) => {
  const me = await withDeadCookie('/api/auth/me');
  t.equal(me.status, 401);
  t.match(me.headers.getSetCookie(), [cleared]);
  const open = await withDeadCookie('/api/instrument-definitions');
  t.equal(open.status, (await fetch(`${registry.url}/api/instrument-definitions`)).status);
  t.match(open.headers.getSetCookie(), [cleared]);
  const byToken = await withDeadCookie('/api/auth/me', {
    headers: { authorization: `Bearer ${registry.admin.token}` },
  });
  t.equal(byToken.status, 200, 'a token takes precedence over a cookie');
});

t.test('people can sign in and out whatever cookie or token they have', async (t) => {
  const credentials = JSON.stringify({ username: 'root', password: 'password of root' });
  const json = { 'content-type': 'application/json' };
  for (const headers of [json, { ...json, authorization: 'Bearer gone' }]) {
    const init = { method: 'POST', headers, body: credentials };
    const signedIn = await withDeadCookie('/api/auth/login', init);
    t.equal(signedIn.status, 200);
    t.match(signedIn.headers.getSetCookie(), [/^registry_session=ey/]);
  }
  for (const headers of [{}, { authorization: 'Bearer gone' }]) {
    const signedOut = await withDeadCookie('/api/auth/logout', { method: 'POST', headers });
    t.equal(signedOut.status, 204);
    t.match(signedOut.headers.getSetCookie(), [cleared]);
  }
});

t.test('the caller is identified however the path is spelled', async (t) => {
  const ask = (path: string, headers = {}) => fetch(registry.url + path, { headers });
  const authorization = `Bearer ${registry.admin.token}`;
  for (const path of ['/api/users', '/%61pi/users', '/api/%75sers', '/%61pi/auth/me']) {
    t.equal((await ask(path)).status, 401, path);
    t.equal((await ask(path, { authorization })).status, 200, path);
  }
});

/** Sends requests as a page of the registry does, in a signed-in browser. */
async function inBrowser(username: string, password?: string) {
  const { token } = await signIn(username, password);
  const ours = {
    cookie: `${sessionCookieName(registry.url)}=${token}`,
    'sec-fetch-site': 'same-origin',
  };
  const client = createClient({
    url: registry.url,
    fetch: (address, init) => fetch(address, { ...init, headers: { ...init?.headers, ...ours } }),
  });
  return { token, client };
}

t.test('in a browser a new password needs the current one', async (t) => {
  const { admin, person } = registry;
  const ben = await person('ben');
  const { token, client: session } = await inBrowser('ben');
  const next = { password: 'another password' };
  for (const [what, current] of [
    ['a session that was left open', {}],
    ['a guess', { current_password: 'password of somebody' }],
  ] as const) {
    await t.rejects(
      session.users.change(ben.id, { ...next, ...current }),
      { status: 422, problem: { errors: [{ path: 'current_password' }] } } as never,
      what,
    );
  }
  t.equal((await me(token)).status, 200, 'nothing was changed');
  const changed = { ...next, current_password: 'password of ben' };
  t.match(await session.users.change(ben.id, changed), { username: 'ben' });
  t.equal((await me(token)).status, 401, 'every session has ended');

  const { client: again } = await inBrowser('ben', 'another password');
  const guess = { password: 'a third password', current_password: 'not it' };
  for (let tries = 0; tries < 10; tries++) {
    await t.rejects(again.users.change(ben.id, guess), { status: 422 } as never);
  }
  await t.rejects(
    again.users.change(ben.id, guess),
    { status: 429 } as never,
    'guesses are throttled',
  );
  await t.rejects(
    signIn('ben', 'another password'),
    { status: 429 } as never,
    'a sign-in is throttled too',
  );
  await admin.client.users.change(ben.id, { password: 'from a site admin' });
  t.pass('a site admin sets a new password without the old one');
});

t.test('with a token a program can change its owner’s password', async (t) => {
  const eve = await registry.person('eve');
  await t.rejects(
    eve.client.users.change(eve.id, { password: 'next password', current_password: 'not it' }),
    { status: 422 } as never,
    'a current password in the request must be right',
  );
  await eve.client.users.change(eve.id, { password: 'next password' });
  t.match(await signIn('eve', 'next password'), { user: { username: 'eve' } });
});
