/** Failures are counted, successes are not; what is counted is bounded and runs out. */
import t from 'tap';
import { createThrottle, Failures, networkOf } from '../../registry/services/throttle.ts';
import { git } from '../helpers/git.ts';
import { startRegistry } from '../helpers/registry.ts';

t.test('failures run out one by one as they leave the window', async (t) => {
  let now = 0;
  const failures = new Failures({ windowMs: 10_000, most: 3, keys: 10, now: () => now });
  for (now = 0; now < 3000; now += 1000) {
    t.equal(failures.waitFor('a'), 0);
    failures.add('a');
  }
  t.equal(failures.waitFor('a'), 7, 'until the first is ten seconds old');
  t.equal(failures.waitFor('b'), 0, 'others are not affected');
  t.equal(failures.waitFor('a', 1), 9, 'with one allowed, until the last is');
  now = 10_000;
  t.equal(failures.waitFor('a'), 0);
  failures.add('a');
  t.equal(failures.waitFor('a'), 1);
  failures.forget('a');
  t.equal(failures.waitFor('a'), 0);
});

t.test('so many keys and no more are remembered; the longest unheard of go first', async (t) => {
  const failures = new Failures({ windowMs: 1000, most: 1, keys: 3, now: () => 0 });
  for (const key of ['a', 'b', 'c', 'a', 'd']) failures.add(key);
  t.same(
    ['a', 'b', 'c', 'd'].map((key) => failures.waitFor(key) > 0),
    [true, false, true, true],
  );
});

t.test('an IPv6 host counts by its network, an IPv4 one by its address', async (t) => {
  for (const [address, network] of Object.entries({
    '192.0.2.7': '192.0.2.7',
    '::ffff:192.0.2.7': '192.0.2.7',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2',
    '2001:db8::6': '2001:db8:0:0',
    '2001:db8:1:2::': '2001:db8:1:2',
    '::1': '0:0:0:0',
    'fe80::1%eth0': 'fe80:0:0:0',
  })) {
    t.equal(networkOf(address), network, address);
  }
});

t.test(
  'where a hundred sign-ins failed, one more wrong password for a name is enough',
  async (t) => {
    const throttle = createThrottle(() => 0);
    for (let i = 0; i < 100; i++) throttle.signIn('192.0.2.7', `guess${i}`).failed();
    const ada = throttle.signIn('192.0.2.7', 'ada');
    ada.demand();
    ada.failed();
    t.throws(ada.demand, { code: 'too_many_attempts' });
    throttle.signIn('192.0.2.7', 'ben').demand();
    throttle.signIn('192.0.2.8', 'ada').demand();
  },
);

t.test(
  'ten wrong passwords shut a name out where they came from, until time has passed',
  async (t) => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const { url, person, anonymous } = await startRegistry(t, { now: () => now });
    await person('ada');
    const right = 'password of ada';
    for (let i = 0; i < 9; i++) {
      await t.rejects(anonymous.login('ada', `wrong ${i}`), { status: 401 } as never);
    }
    await anonymous.login('ADA', right);
    for (let i = 0; i < 10; i++) {
      await t.rejects(anonymous.login(i % 2 ? 'ada' : 'Ada', 'no'), { status: 401 } as never);
      now += 1000;
    }
    await t.rejects(anonymous.login('ada', 'no'), { status: 429 } as never);
    const answer = await fetch(`${url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'ada', password: right }),
    });
    t.equal(answer.status, 429, 'the right one is not even looked at');
    t.equal(answer.headers.get('retry-after'), String(15 * 60 - 10));
    t.match(await answer.json(), { code: 'too_many_attempts', detail: /Try again in 15 minutes/ });
    await anonymous.login('root', 'password of root');

    now += (15 * 60 - 10) * 1000;
    await anonymous.login('ada', right);
  },
);

t.test('of tokens that are none some are looked up; those that are good always pass', async (t) => {
  let now = 0;
  const { url, admin, gitUrl } = await startRegistry(t, { now: () => now });
  const me = (token: string) =>
    fetch(`${url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  for (let i = 0; i < 100; i++) t.equal((await me(`pbr_${i}`)).status, 401);
  const refused = await me('pbr_x');
  t.equal(refused.status, 429);
  t.equal(refused.headers.get('retry-after'), '900');
  t.equal((await me(admin.token)).status, 200);

  const refs = `${gitUrl('Meter')}/info/refs?service=git-upload-pack`;
  const basic = (token: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`git:${token}`).toString('base64')}` },
  });
  const plain = await fetch(refs, basic('pbr_x'));
  t.equal(plain.status, 429);
  t.equal(plain.headers.get('retry-after'), '900');
  t.match(plain.headers.get('content-type'), /^text\/plain/);
  await t.rejects(git(['ls-remote', gitUrl('Meter', 'pbr_x')]), /429/);
  t.equal((await fetch(refs, basic(admin.token))).status, 404, 'and is told what there is');
  now = 900_000;
  t.equal((await me('pbr_x')).status, 401);
});
