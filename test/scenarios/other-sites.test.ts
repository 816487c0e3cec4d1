/**
 * What an attacker's page can make the browser of a signed-in person do. Each test describes the flaw, sends the attack
 * as the browser would, and checks what must not happen.
 */
import t from 'tap';
import { fromOwnPage } from '../../registry/plugins/session-cookie.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

let registry: TestRegistry;
/** The cookie of the victim, a site admin, as the browser sends it. */
let cookie: string;
t.before(async () => {
  registry = await startRegistry(t);
  cookie = await signedIn(registry);
});

async function signIn({ url }: TestRegistry, headers: Record<string, string> = {}) {
  return await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ username: 'root', password: 'password of root' }),
  });
}

async function signedIn(there: TestRegistry): Promise<string> {
  const [set = ''] = (await signIn(there)).headers.getSetCookie();
  return set.split(';')[0] as string;
}

let labs = 0;
/** Tries to create a lab, which only a site admin may do. */
const write = ({ url }: TestRegistry, headers: Record<string, string>) =>
  fetch(`${url}/api/labs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ name: 'Lab', code: `lab${++labs}` }),
  });
const isSignedIn = async (cookie: string) =>
  (await fetch(`${registry.url}/api/auth/me`, { headers: { cookie } })).status === 200;

t.test('scripts and other sites cannot read the cookie', async (t) => {
  const [set = ''] = (await signIn(registry)).headers.getSetCookie();
  t.match(set, /^registry_session=\S+; Max-Age=28800; Path=\/; HttpOnly; SameSite=Strict$/);
});

t.test(
  'a request that the browser marks as cross-site changes nothing with the cookie',
  async (t) => {
    // SameSite=Strict stops requests of other sites, but not of another host of the same site, such as another machine
    // of the university.
    for (const site of ['cross-site', 'same-site', 'none', '']) {
      const forged = await write(registry, {
        cookie,
        'sec-fetch-site': site,
        origin: registry.url,
      });
      t.equal(forged.status, 403, site);
      t.match(await forged.json(), { code: 'cross_origin', detail: /Bearer/ });
    }
    const own = await write(registry, { cookie, 'sec-fetch-site': 'same-origin' });
    t.equal(own.status, 201);
  },
);

t.test('over plain http the Origin header decides', async (t) => {
  const { host, port } = new URL(registry.url);
  const elsewhere = {
    'another site': 'https://attacker.example',
    'another port of the machine': 'http://127.0.0.1:1',
    'another scheme': `https://${host}`,
    'the name of the registry followed by another domain': `${registry.url}.attacker.example`,
    'another host, with the name of the registry as its user name': `http://${host}@attacker.example`,
    'a sandboxed frame': 'null',
    'the host alone': host,
    nothing: '',
  };
  for (const [what, origin] of Object.entries(elsewhere)) {
    t.equal((await write(registry, { cookie, origin })).status, 403, what);
  }
  t.equal((await write(registry, { cookie, origin: registry.url })).status, 201);
  // People may open the registry under another name of the machine than PUBLIC_URL has.
  const named = { host: `localhost:${port}`, origin: `http://localhost:${port}` };
  t.equal(fromOwnPage(named, [registry.url, `http://${named.host}`]), true);
});

t.test('a request without origin information changes nothing with the cookie', async (t) => {
  t.equal((await write(registry, { cookie })).status, 403);
  const bearer = cookie.slice(cookie.indexOf('=') + 1);
  const program = await write(registry, { authorization: `Bearer ${bearer}` });
  t.equal(program.status, 201, 'a program sends the token itself');
  const both = { cookie, authorization: `Bearer ${bearer}`, origin: 'https://attacker.example' };
  t.equal(
    (await write(registry, both)).status,
    201,
    'a page of another site does not know the token',
  );
  const read = await fetch(`${registry.url}/api/auth/me`, { headers: { cookie } });
  t.equal(read.status, 200, 'the cookie suffices for reading');
});

t.test('a form on another site cannot sign anybody out or remove the cookie', async (t) => {
  const form = { method: 'POST', headers: { origin: 'https://attacker.example' } };
  // The browser does not send a Strict cookie with a top-level form from another site. But the browser obeys Set-Cookie
  // in the answer.
  const without = await fetch(`${registry.url}/api/auth/logout`, form);
  t.equal(without.status, 204);
  t.same(without.headers.getSetCookie(), []);
  const forged = await fetch(`${registry.url}/api/auth/logout`, {
    ...form,
    headers: { ...form.headers, cookie },
  });
  t.equal(forged.status, 403);
  t.same(forged.headers.getSetCookie(), []);
  t.equal(await isSignedIn(cookie), true);
});

t.test("a form on another site cannot sign a victim in to the attacker's account", async (t) => {
  // Forms can send three media types. For JSON the browser asks for permission (CORS), which the registry never gives.
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ]) {
    const forged = await signIn(registry, { 'content-type': type });
    t.ok([415, 422].includes(forged.status), `${type}: ${forged.status}`);
    t.same(forged.headers.getSetCookie(), []);
  }
  const asked = await fetch(`${registry.url}/api/auth/login`, {
    method: 'OPTIONS',
    headers: { origin: 'https://attacker.example', 'access-control-request-method': 'POST' },
  });
  t.equal(asked.headers.get('access-control-allow-origin'), null);
});

t.test('another host of the domain cannot replace the cookie over https', async (t) => {
  const secure = await startRegistry(t, {
    environment: { PUBLIC_URL: 'https://registry.lab.example' },
  });
  const [set = ''] = (await signIn(secure)).headers.getSetCookie();
  t.match(set, /^__Host-registry_session=\S+;.* Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  const value = set.split(';')[0]?.split('=')[1];
  const answer = await fetch(`${secure.url}/api/auth/me`, {
    headers: { cookie: `registry_session=${value}` },
  });
  t.equal(answer.status, 401);
  const origin = 'https://registry.lab.example';
  const own = await write(secure, { cookie: `__Host-registry_session=${value}`, origin });
  t.equal(
    own.status,
    201,
    'the Origin is compared with the public address, which a proxy may hide',
  );
});
