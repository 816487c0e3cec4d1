/** Behind a reverse proxy: which client address is throttled and audited, and what nobody can forge. */
import t from 'tap';
import { loadConfig } from '../../registry/config.ts';
import { git } from '../helpers/git.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

const ADA = '203.0.113.7';

/** Signs in as if a proxy on this machine had forwarded the request. */
const signIn = ({ url }: TestRegistry, password: string, forwarded: Record<string, string>) =>
  fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...forwarded },
    body: JSON.stringify({ username: 'ada', password }),
  });

const lastAddress = async ({ admin }: TestRegistry, action: string) =>
  (await admin.client.audit({ actor: 'ada', action, per_page: 1 })).items[0]?.address;

t.test('the client named by a trusted proxy is throttled and audited', async (t) => {
  const registry = await startRegistry(t, {
    environment: { TRUSTED_PROXIES: '127.0.0.1, 10.1.0.0/16' },
  });
  const { token } = await registry.person('ada');
  // Each proxy appends the address of its client. An address that the client itself sent comes first.
  const chain = { 'x-forwarded-for': `198.51.100.1, ${ADA}, 10.1.2.3` };
  t.equal((await signIn(registry, 'password of ada', chain)).status, 200);
  t.equal(await lastAddress(registry, 'session.started'), ADA);

  for (let i = 0; i < 10; i++) await signIn(registry, 'no', chain);
  t.equal((await signIn(registry, 'password of ada', chain)).status, 429);
  const forged = { 'x-forwarded-for': `198.51.100.2, ${ADA}` };
  t.equal(
    (await signIn(registry, 'password of ada', forged)).status,
    429,
    'a forged address does not help',
  );
  const other = { 'x-forwarded-for': '203.0.113.8' };
  t.equal(
    (await signIn(registry, 'password of ada', other)).status,
    200,
    'other clients are not throttled',
  );

  await registry.admin.client.labs.create({ name: 'Nano', code: 'nano' });
  const answer = await fetch(`${registry.url}/api/tokens`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-forwarded-for': '2001:db8::5',
    },
    body: JSON.stringify({ name: 'ci', scope: 'read' }),
  });
  t.equal(answer.status, 201);
  t.equal(await lastAddress(registry, 'token.created'), '2001:db8::5');

  const bad = registry.gitUrl('Meter', 'pbr_bad');
  const listRefs = (address: string) =>
    git(['-c', `http.extraHeader=X-Forwarded-For: ${address}`, 'ls-remote', bad]);
  for (let i = 0; i < 100; i++) {
    await fetch(`${registry.gitUrl('Meter')}/info/refs?service=git-upload-pack`, {
      headers: {
        authorization: `Basic ${Buffer.from('git:pbr_bad').toString('base64')}`,
        'x-forwarded-for': ADA,
      },
    });
  }
  await t.rejects(listRefs(ADA), /429/);
  await t.rejects(listRefs('203.0.113.8'), /Authentication failed/);
});

t.test('forwarded headers from anybody else are ignored', async (t) => {
  for (const environment of [{}, { TRUSTED_PROXIES: '10.1.0.0/16' }]) {
    const registry = await startRegistry(t, { environment });
    await registry.person('ada');
    const forwarded = (i: number) => ({ 'x-forwarded-for': `203.0.113.${i}` });
    for (let i = 0; i < 10; i++) await signIn(registry, 'no', forwarded(i));
    t.equal((await signIn(registry, 'password of ada', forwarded(11))).status, 429);

    const attacker = { 'x-forwarded-host': 'attacker.example', origin: 'http://attacker.example' };
    const [set = ''] = (
      await fetch(`${registry.url}/api/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'root', password: 'password of root' }),
      })
    ).headers.getSetCookie();
    const write = await fetch(`${registry.url}/api/labs`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        cookie: set.split(';')[0] as string,
        ...attacker,
      },
      body: JSON.stringify({ name: 'Lab', code: 'lab' }),
    });
    t.equal(write.status, 403, 'forged headers do not hide the requesting page');
  }
});

t.test('an invalid TRUSTED_PROXIES stops the start', async (t) => {
  const load = (TRUSTED_PROXIES: string) => loadConfig({ TRUSTED_PROXIES }).TRUSTED_PROXIES;
  for (const good of ['10.0.0.5', '10.0.0.5,fd00::/8', ' 192.168.0.0/16 , ::1']) {
    t.equal(load(good), good);
  }
  for (const bad of ['proxy.lab.example', '10.0.0.5,', '10.0.0.0/33', '10.0.0.300', '0.0.0.0/0']) {
    t.throws(() => load(bad), {
      code: 'bad_config',
      message: `TRUSTED_PROXIES must be addresses or networks such as 10.0.0.5 or 10.1.0.0/16, separated by commas (it is "${bad}")`,
    });
  }
  t.throws(() => load('::/0'), { code: 'bad_config' });
});
