/** Sign-in with a real OpenID provider: which account and roles each person gets, and who is refused. */
import { generateKeyPairSync } from 'node:crypto';
import t, { type Test } from 'tap';
import type { createClient } from '../../client/typescript/client.ts';
import { addressOf } from '../../registry/services/people/single-sign-on/sign-in.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { Browser, startProvider, type TestProvider } from '../helpers/oidc-provider.ts';
import {
  DATABASES,
  type DatabaseKind,
  startRegistry,
  type TestRegistry,
} from '../helpers/registry.ts';

const GROUP_ROLES = {
  'nano-pis': { labs: { nano: 'admin' } },
  'nano-staff': { labs: { NANO: 'contributor', cold: 'viewer' } },
  'registry-admins': { site_admin: true },
  'of-a-lab-that-is-not': { labs: { nowhere: 'admin' } },
};

interface World extends TestRegistry {
  provider: TestProvider;
  /** Signs a person in. Uses a new browser if none is given. */
  signIn(sub: string, browser?: Browser): Promise<{ browser: Browser; answer: Response }>;
  /** The account of the browser's session. */
  me(browser: Browser): Promise<Me | null>;
}
type Me = Awaited<ReturnType<ReturnType<typeof createClient>['me']>>;

async function startWorld(
  t: Test,
  options: Partial<Parameters<typeof startProvider>[2]> & {
    database?: DatabaseKind;
    environment?: Record<string, string>;
    now?: () => number;
  } = {},
): Promise<World> {
  let url = '';
  const callback = () => `${url}/api/auth/oidc/callback`;
  const provider = await startProvider(t, callback, options);
  const registry = await startRegistry(t, {
    ...options,
    environment: {
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      OIDC_GROUP_ROLES: JSON.stringify(GROUP_ROLES),
      ...options.environment,
    },
  });
  url = registry.url;
  await registry.admin.client.labs.create({ name: 'Nano Optics', code: 'nano' });
  await registry.admin.client.labs.create({ name: 'Cold Atoms', code: 'cold' });
  return {
    ...registry,
    provider,
    async signIn(sub, browser = new Browser()) {
      provider.atBrowser = sub;
      return { browser, answer: await browser.open(`${url}/api/auth/oidc/start?return_to=/docs`) };
    },
    async me(browser) {
      const headers = { cookie: browser.cookie(url) };
      const answer = await fetch(`${url}/api/auth/me`, { headers });
      return answer.ok ? ((await answer.json()) as Me) : null;
    },
  };
}

/** Tests that do not affect each other share this registry. Each test has its own people. */
let world: World;
let now = Date.now();
t.before(async () => {
  world = await startWorld(t, { now: () => now });
});

const ADA = {
  preferred_username: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@uni.example',
  email_verified: true,
  groups: ['nano-staff', 'chess'],
};
const rolesOf = (me: Me | null) => me?.labs.map(({ code, role }) => `${code}: ${role}`);
const actions = async ({ admin }: TestRegistry, subject: string) =>
  (await admin.client.audit({ subject_type: 'user', per_page: 50 })).items
    .filter((entry) => entry.subject === subject)
    .map(({ action, actor, address }) => `${action} by ${actor} from ${address}`)
    .reverse();

for (const database of DATABASES) {
  t.test(
    `the first sign-in creates an account, and each updates its roles (${database})`,
    async (t) => {
      const world = await startWorld(t, { database });
      const { provider, signIn, me, admin } = world;
      provider.people.set('sub-1', ADA);
      const { browser, answer } = await signIn('sub-1');
      t.equal(answer.url, `${world.url}/docs`, 'the browser returns to the requested page');
      const ada = await me(browser);
      t.match(ada?.user, {
        username: 'ada',
        name: 'Ada Lovelace',
        email: 'ada@uni.example',
        is_admin: false,
      });
      t.same(rolesOf(ada), ['cold: viewer', 'nano: contributor']);
      t.same(await actions(world, 'ada'), [
        'user.created by registry from 127.0.0.1',
        'member.added by registry from 127.0.0.1',
        'member.added by registry from 127.0.0.1',
        'session.started by ada from 127.0.0.1',
      ]);
      await t.rejects(
        world.anonymous.login('ada', ''),
        { status: 401 } as never,
        'it has no password',
      );

      const labs = await admin.client.labs.list();
      const own = await admin.client.labs.create({ name: 'Own', code: 'own' });
      await admin.client.labs.addMember(own.id, ada?.user.id ?? 0, 'viewer');
      const cold = labs.items.find(({ code }) => code === 'cold')?.id ?? 0;
      await admin.client.labs.changeMember(cold, ada?.user.id ?? 0, 'admin');
      provider.people.set('sub-1', { ...ADA, name: 'Another', groups: ['nano-pis', 'nano-staff'] });
      await signIn('sub-1', browser);
      const again = await me(browser);
      t.equal(again?.user.id, ada?.user.id);
      t.equal(again?.user.name, 'Ada Lovelace', 'she may change her name');
      t.same(
        rolesOf(again),
        ['cold: viewer', 'nano: admin', 'own: viewer'],
        'the highest of several groups, what an admin changed by hand is changed back, others stay',
      );

      provider.people.set('sub-1', { ...ADA, groups: ['registry-admins', 'of-a-lab-that-is-not'] });
      await signIn('sub-1', browser);
      const promoted = await me(browser);
      t.equal(promoted?.user.is_admin, true);
      t.same(rolesOf(promoted), ['own: viewer']);
      provider.people.set('sub-1', { ...ADA, groups: undefined });
      await signIn('sub-1', browser);
      t.equal((await me(browser))?.user.is_admin, false, 'without groups there are no group roles');

      const first = await Promise.allSettled(
        ['sub-2', 'sub-3', 'sub-2'].map(async (sub) => {
          provider.people.set(sub, { ...ADA, groups: [] });
          return await signIn(sub);
        }),
      );
      t.equal(first.filter(({ status }) => status === 'fulfilled').length, 3);
      const names = (await admin.client.users.list()).items.map(({ username }) => username);
      t.equal(new Set(names).size, names.length);
    },
  );
}

t.test('an e-mail address or a name never links an account', async (t) => {
  const { provider, signIn, me, person, url } = world;
  const grace = await person('grace', { isAdmin: true });
  provider.people.set('evil', {
    preferred_username: 'Grace',
    email: 'grace@lab.example',
    email_verified: true,
  });
  const { browser } = await signIn('evil');
  const taken = await me(browser);
  t.not(taken?.user.id, grace.id);
  t.match(taken?.user, { username: 'Grace-2', is_admin: false });
  t.same(taken?.labs, []);

  provider.people.set('odd', {
    preferred_username: '  ../Zoë O’Neil <script>@uni.example',
    name: 'Zoë <b>O’Neil</b>\r\n',
    email: 'zoe@uni.example',
    email_verified: false,
    groups: 'nano-pis',
  });
  const odd = await me((await signIn('odd')).browser);
  t.match(odd?.user, { username: 'Zoe-O-Neil-script', name: 'Zoë b O’Neil /b' });
  t.match(odd?.user.email, /@registry\.invalid$/, 'an unverified address is not used');
  t.same(rolesOf(odd), ['nano: admin'], 'a single group may come without a list');
  provider.people.set('bare', {});
  t.match((await me((await signIn('bare')).browser))?.user, { username: 'bare', name: 'bare' });
  t.equal((await fetch(`${url}/readyz`)).status, 200);
});

t.test('only a signed-in person can link their account', async (t) => {
  const { provider, signIn, me, person, url } = world;
  const { id, token, client } = await person('hedy');
  provider.people.set('hedys', ADA);
  const browser = new Browser();
  await signInByPassword(browser, 'hedy', 'password of hedy');
  await browser.open(await linkAddress(browser, 'hedys'));
  t.match((await me(browser))?.user, { id, username: 'hedy' });
  t.same(rolesOf(await me(browser)), ['cold: viewer', 'nano: contributor']);
  const { browser: later } = await signIn('hedys');
  t.equal((await me(later))?.user.id, id, 'from now on the identity is hers');
  t.ok((await actions(world, 'hedy')).includes('user.linked by hedy from 127.0.0.1'));
  await browser.open(await linkAddress(browser, 'hedys'));
  t.equal((await me(browser))?.user.id, id, 'repeating it is harmless');

  await person('ida');
  const other = new Browser();
  await signInByPassword(other, 'ida', 'password of ida');
  const refused = await other.open(await linkAddress(other, 'hedys'));
  t.equal(refused.status, 409);
  t.match(await refused.text(), /as hedy\. The account hedy stays linked to the provider/);

  // A session that ends while its owner is at the provider must not link an account.
  provider.people.set('hedys too', ADA);
  await client.users.change(id, { password: 'another password' });
  await signInByPassword(browser, 'hedy', 'another password');
  const address = await linkAddress(browser, 'hedys too');
  let back = '';
  await browser.open(address, (next) => {
    back = next;
    return next.startsWith(`${url}/api/auth/oidc/callback`);
  });
  await client.users.change(id, { password: 'a third password' });
  t.equal((await browser.open(back)).status, 401);

  const link = (headers: Record<string, string>) =>
    fetch(`${url}/api/auth/oidc/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  t.equal((await link({})).status, 401, 'nobody');
  const reader = { authorization: `Bearer ${await readToken(url, token)}` };
  t.equal((await link(reader)).status, 403, 'a token of scope read');
  await signInByPassword(browser, 'hedy', 'a third password');
  const lured = { cookie: browser.cookie(url), 'sec-fetch-site': 'same-site' };
  const forged = await link(lured);
  t.equal(forged.status, 403, 'a page of another host cannot start linking');
  t.same(forged.headers.getSetCookie(), []);
  const led = new Browser();
  await signInByPassword(led, 'hedy', 'a third password');
  provider.atBrowser = 'hedys too';
  const more = await led.open(`${url}/api/auth/oidc/start?link=true`);
  t.equal(more.status, 422, 'an undeclared parameter is refused');
  await led.open(`${url}/api/auth/oidc/start`);
  t.match((await me(led))?.user, { username: 'ada' }, 'a plain link only signs in');
});

async function signInByPassword(browser: Browser, username: string, password: string) {
  const { token } = await world.anonymous.login(username, password);
  browser.set(world.url, 'registry_session', token);
}

/** The address that a page of the registry opens in the browser, to link its account to `sub`. */
async function linkAddress(browser: Browser, sub: string): Promise<string> {
  world.provider.atBrowser = sub;
  const answer = await fetch(`${world.url}/api/auth/oidc/link`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      cookie: browser.cookie(world.url),
      origin: world.url,
    },
    body: JSON.stringify({ return_to: '/docs' }),
  });
  browser.keep(world.url, answer.headers.getSetCookie());
  return ((await answer.json()) as { address: string }).address;
}

async function readToken(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/api/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'reader', scope: 'read' }),
  });
  return ((await answer.json()) as { token: string }).token;
}

/** Signs in until just before the browser returns. Gives the address that the browser would open next. */
async function upToCallback({ url, provider }: World, sub: string, browser: Browser) {
  provider.atBrowser = sub;
  let back = '';
  const start = `${url}/api/auth/oidc/start?return_to=/docs`;
  const answer = await browser.open(start, (address) => {
    back = address;
    return address.startsWith(`${url}/api/auth/oidc/callback`);
  });
  t.equal(answer.status, 303);
  return back;
}

t.test(
  'an answer of the provider counts once, for ten minutes, in the browser that asked',
  async (t) => {
    const { provider, me, url } = world;
    provider.people.set('victim', { preferred_username: 'victim' });
    provider.people.set('attacker', { preferred_username: 'attacker' });
    const open = async (browser: Browser, address: string) => {
      const answer = await browser.open(address);
      const text = await answer.text();
      return { status: answer.status, text };
    };

    const attacker = new Browser();
    const attackers = await upToCallback(world, 'attacker', attacker);
    // The victim opens an answer that is meant for the attacker, which would sign the victim in to the attacker's
    // account.
    const victim = new Browser();
    const forced = await open(victim, attackers);
    t.equal(forced.status, 401);
    t.match(forced.text, /was started in another browser/);
    t.equal(await me(victim), null);

    // The same attack while the victim has started a sign-in with another state.
    const victims = await upToCallback(world, 'victim', victim);
    t.equal((await open(victim, attackers)).status, 401);
    // PKCE detects the attacker's code in an answer with the victim's state.
    const mixed = new URL(victims);
    mixed.searchParams.set('code', new URL(attackers).searchParams.get('code') as string);
    const injected = await open(victim, mixed.href);
    t.equal(injected.status, 401);
    t.equal(await me(victim), null);
    t.equal((await open(victim, victims)).status, 200, 'the victim’s own attempt still works');
    t.equal((await me(victim))?.user.username, 'victim');

    const kept = attacker.cookie(url);
    await attacker.open(attackers);
    t.equal((await me(attacker))?.user.username, 'attacker');
    const thief = new Browser();
    thief.set(url, ...(kept.split('=') as [string, string]));
    const replayed = await open(thief, attackers);
    t.equal(replayed.status, 401);
    t.match(replayed.text, /took too long, or its address was used twice/);
    t.equal(await me(thief), null);

    const late = new Browser();
    const lates = await upToCallback(world, 'victim', late);
    now += 600_000;
    t.match((await open(late, lates)).text, /took longer than 10 minutes/);
    t.equal(await me(late), null);

    const forger = new Browser();
    const theirs = await upToCallback(world, 'attacker', forger);
    const [name = '', value = ''] = forger.cookie(url).split('=');
    for (const changed of [value.slice(0, -2), `A${value.slice(1)}`, '', 'x', 'a.b.c']) {
      forger.set(url, name, changed);
      t.equal((await open(forger, theirs)).status, 401, `the attempt as ${changed.slice(0, 8)}`);
    }
  },
);

t.test(
  'requests to the provider have PKCE, state and nonce, and only the registry starts them',
  async (t) => {
    const { provider, url } = world;
    const browser = new Browser();
    await upToCallback(world, 'sub-1', browser);
    const asked = new URL(browser.visited[1] ?? '');
    t.equal(asked.origin, provider.issuer);
    const sent = Object.fromEntries(asked.searchParams);
    t.match(sent, {
      response_type: 'code',
      client_id: 'registry',
      scope: 'openid profile email',
      redirect_uri: `${url}/api/auth/oidc/callback`,
      code_challenge: /^[\w-]{43}$/,
      code_challenge_method: 'S256',
      state: /^[\w-]{43}$/,
      nonce: /^[\w-]{43}$/,
    });
    const [set = ''] = (
      await fetch(`${url}/api/auth/oidc/start`, { redirect: 'manual' })
    ).headers.getSetCookie();
    t.match(set, /^registry_sign_in=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    t.notMatch(set, new RegExp(sent.state as string), 'the cookie is encrypted');
  },
);

t.test('a disabled account cannot sign in, and a cancelled sign-in says so', async (t) => {
  const { provider, signIn, me, admin, url } = world;
  provider.people.set('doras', { ...ADA, preferred_username: 'dora', groups: [] });
  const { browser } = await signIn('doras');
  const id = (await me(browser))?.user.id ?? 0;
  await admin.client.users.change(id, { disabled: true });
  t.equal(await me(browser), null);
  provider.people.set('doras', { ...ADA, preferred_username: 'dora', groups: ['registry-admins'] });
  const { answer } = await signIn('doras', browser);
  t.equal(answer.status, 403);
  t.match(answer.headers.get('content-type'), /^text\/html/);
  t.match(await answer.text(), /<p>Your account here is disabled\. Ask a site admin\.<\/p>/);
  t.equal(await me(browser), null);
  t.match(
    (await admin.client.users.list()).items.find((user) => user.id === id),
    { disabled: true, is_admin: false },
    'groups give it no roles',
  );

  provider.atBrowser = null;
  const cancelled = await new Browser().open(`${url}/api/auth/oidc/start`);
  t.equal(cancelled.status, 401);
  t.match(await cancelled.text(), /was cancelled/);
});

t.test('while the provider is down the page says so; later sign-ins work', async (t) => {
  const world = await startWorld(t);
  const { provider, signIn, me, url } = world;
  provider.people.set('emmys', { ...ADA, preferred_username: 'emmy' });
  await provider.down();
  const start = await new Browser().open(`${url}/api/auth/oidc/start`);
  t.equal(start.status, 503);
  t.match(await start.text(), /cannot be reached.*Try again in a moment/);
  const program = await fetch(`${url}/api/auth/oidc/start`, { redirect: 'manual' });
  t.match(await program.json(), { code: 'unavailable', status: 503 });
  await provider.up();

  const browser = new Browser();
  const back = await upToCallback(world, 'emmys', browser);
  await provider.down();
  t.equal((await browser.open(back)).status, 503);
  await provider.up();
  await browser.open(back);
  t.equal((await me(browser))?.user.username, 'emmy', 'the same answer still works');
  await world.anonymous.login('root', 'password of root');
  t.equal((await me((await signIn('emmys')).browser))?.user.username, 'emmy');
});

t.test('a wrong client secret lets nobody in', async (t) => {
  const wrong = await startWorld(t, { environment: { OIDC_CLIENT_SECRET: 'another' } });
  wrong.provider.people.set('sub-1', ADA);
  t.equal((await wrong.signIn('sub-1')).answer.status, 503);
});

t.test('an invalid ID token lets nobody in', async (t) => {
  const { provider, signIn, me } = world;
  provider.people.set('idas', { preferred_username: 'idas' });
  t.teardown(() => {
    provider.forge = null;
  });
  const seconds = Math.floor(Date.now() / 1000);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const forgeries: Record<string, NonNullable<TestProvider['forge']>> = {
    'that has expired': (claims) => ({ claims: { ...claims, exp: seconds - 60 } }),
    'for another attempt': (claims) => ({ claims: { ...claims, nonce: 'another' } }),
    'for another client': (claims) => ({ claims: { ...claims, aud: 'another' } }),
    'of another provider': (claims) => ({ claims: { ...claims, iss: 'https://another.example' } }),
    'of somebody else': (claims) => ({ claims: { ...claims, sub: 'root' } }),
    'signed by somebody else': (claims) => ({ claims, key: privateKey }),
  };
  for (const [what, forge] of Object.entries(forgeries)) {
    provider.forge = forge;
    const { answer, browser } = await signIn('idas');
    t.equal(answer.status, 401, what);
    t.match(await answer.text(), /The answer of the provider could not be verified/, what);
    t.equal(await me(browser), null, what);
  }
  provider.forge = (claims) => ({ claims });
  t.equal(
    (await me((await signIn('idas')).browser))?.user.username,
    'idas',
    'it is refused for this reason alone',
  );
});

t.test('a public client without a secret, and a claim of another name', async (t) => {
  const world = await startWorld(t, {
    isPublic: true,
    environment: { OIDC_CLIENT_SECRET: '', OIDC_GROUPS_CLAIM: 'preferred_username' },
  });
  world.provider.people.set('sub-1', { preferred_username: 'nano-pis' });
  const { browser } = await world.signIn('sub-1');
  t.same(rolesOf(await world.me(browser)), ['nano: admin']);
});

t.test('a hundred failures at the provider throttle the address', async (t) => {
  const { provider, url } = world;
  provider.people.set('marias', ADA);
  now += 900_000;
  const browser = new Browser();
  const back = await upToCallback(world, 'marias', browser);
  const kept = browser.cookie(url);
  const replay = () => fetch(back, { headers: { cookie: kept }, redirect: 'manual' });
  t.equal((await replay()).status, 303);
  for (let i = 0; i < 100; i++) t.equal((await replay()).status, 401);
  const asked = provider.requests.length;
  const refused = await replay();
  t.equal(refused.status, 429);
  t.ok(refused.headers.get('retry-after'));
  t.equal(provider.requests.length, asked, 'the provider receives no request');
  now += 900_000;
  t.equal((await replay()).status, 401);
});

t.test('a sign-in returns only to paths of the registry', async (t) => {
  const { url, provider } = world;
  const elsewhere = [
    'https://attacker.example/',
    '//attacker.example',
    '/\\attacker.example',
    '/\t/attacker.example',
    '\\\\attacker.example',
    'javascript:alert(1)',
    'attacker.example',
    '@attacker.example',
    '',
  ];
  const asked = provider.requests.length;
  for (const path of elsewhere) {
    t.throws(() => addressOf('https://registry.lab.example', path), { code: 'invalid' }, path);
    const query = `return_to=${encodeURIComponent(path)}`;
    const answer = await fetch(`${url}/api/auth/oidc/start?${query}`, { redirect: 'manual' });
    t.equal(answer.status, 422, path);
  }
  t.equal(provider.requests.length, asked, 'the provider receives no request');
  for (const [path, address] of Object.entries({
    '/': 'https://registry.lab.example/',
    '/definitions/SR830?tab=history#v3':
      'https://registry.lab.example/definitions/SR830?tab=history#v3',
    '/.//attacker.example': 'https://registry.lab.example//attacker.example',
    '/@attacker.example': 'https://registry.lab.example/@attacker.example',
  })) {
    t.equal(addressOf('https://registry.lab.example', path), address);
  }
});

t.test('the sign-in page can list the sign-in methods', async (t) => {
  const methods = async (url: string) => await (await fetch(`${url}/api/auth/methods`)).json();
  const { url, provider } = await startWorld(t);
  t.same(await methods(url), {
    password: true,
    single_sign_on: { issuer: `${provider.issuer}/`, start: `${url}/api/auth/oidc/start` },
  });
  const without = await startRegistry(t);
  t.same(await methods(without.url), { password: true, single_sign_on: null });
  for (const path of ['start', 'callback?code=x&state=y']) {
    t.equal((await fetch(`${without.url}/api/auth/oidc/${path}`)).status, 404);
  }
});

t.test('the last site admin keeps the role despite the groups', async (t) => {
  const { provider, signIn, me, admin } = world;
  provider.people.set('lises', { ...ADA, groups: ['registry-admins'] });
  const { browser } = await signIn('lises');
  const ada = await me(browser);
  const others = (await admin.client.users.list()).items.filter(({ id }) => id !== ada?.user.id);
  for (const { id, is_admin } of others) {
    if (is_admin) await admin.client.users.change(id, { is_admin: false });
  }
  provider.people.set('lises', { ...ADA, groups: [] });
  await signIn('lises', browser);
  t.match((await me(browser))?.user, { id: ada?.user.id, is_admin: true });
  t.same((await fsck(world.deps)).problems, [], 'fsck accepts the changes that groups caused');
});
