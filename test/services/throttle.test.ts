/** Failures are counted and successes are not. The counters have an upper limit and expire. */
import t from 'tap';
import { Backoff, Failures } from '../../registry/services/people/failures.ts';
import { createThrottle, networkOf } from '../../registry/services/people/throttle.ts';
import { git } from '../helpers/git.ts';
import { startRegistry } from '../helpers/registry.ts';

t.test('failures expire one by one', async (t) => {
  let now = 0;
  const failures = new Failures({ windowMs: 10_000, most: 3, keys: 10, now: () => now });
  for (now = 0; now < 3000; now += 1000) {
    t.equal(failures.waitFor('a'), 0);
    failures.add('a');
  }
  t.equal(failures.waitFor('a'), 7, 'until the first is ten seconds old');
  t.equal(failures.waitFor('b'), 0, 'others are not affected');
  now = 10_000;
  t.equal(failures.waitFor('a'), 0);
  failures.add('a');
  t.equal(failures.waitFor('a'), 1);
});

t.test('after the free tries each failure doubles the wait', async (t) => {
  let now = 0;
  const limits = { firstMs: 60_000, mostMs: 600_000, forgetMs: 3_600_000, keys: 10 };
  const backoff = new Backoff({ ...limits, now: () => now });
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    backoff.add('a');
    waits.push(backoff.waitFor('a', 3));
    now += 1000 * backoff.waitFor('a', 3);
    t.equal(backoff.waitFor('a', 3), 0);
  }
  t.same(waits, [0, 0, 60, 120, 240, 480, 600, 600]);
  t.equal(backoff.waitFor('b', 3), 0, 'others are not affected');
  backoff.add('a');
  backoff.forget('a');
  t.equal(backoff.waitFor('a', 1), 0);
  for (let i = 0; i < 9; i++) backoff.add('a');
  now += 3_600_000;
  backoff.add('a');
  t.equal(backoff.waitFor('a', 2), 0, 'old failures no longer count');
});

t.test(
  'a limited number of keys is remembered; the least recent are forgotten first',
  async (t) => {
    const failures = new Failures({ windowMs: 1000, most: 1, keys: 3, now: () => 0 });
    for (const key of ['a', 'b', 'c', 'a', 'd']) failures.add(key);
    t.same(
      ['a', 'b', 'c', 'd'].map((key) => failures.waitFor(key) > 0),
      [true, false, true, true],
    );
  },
);

t.test('IPv6 is counted by network, IPv4 by address', async (t) => {
  for (const [address, network] of Object.entries({
    '192.0.2.7': '192.0.2.7',
    '::ffff:192.0.2.7': '192.0.2.7',
    '192.0.2.7:52114': '192.0.2.7',
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
  'after a hundred failed sign-ins from an address one wrong password throttles an account',
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

t.test('without the secret, what a process tells cannot be made from an address', async (t) => {
  const [told, other]: [string[], string[]] = [[], []];
  for (const [texts, secret] of [
    [told, 'of this registry'],
    [other, 'of another registry'],
  ] as const) {
    createThrottle(
      () => 0,
      (news) => texts.push(news),
      secret,
    ).badToken('192.0.2.7');
  }
  t.match([told, other], [[/^tokens /], [/^tokens /]]);
  t.not(told[0], other[0]);
});

t.test('processes that tell each other what they count have one limit', async (t) => {
  const told: string[] = [];
  const [one, two] = [
    createThrottle(
      () => 0,
      (news) => told.push(news),
    ),
    createThrottle(() => 0),
  ];
  const fail = (i: number) => {
    one.signIn('192.0.2.7', 'ada').failed();
    one.signOn('192.0.2.7').failed();
    if (i < 20) one.code('192.0.2.7').failed();
    one.badToken('192.0.2.7');
  };
  for (let i = 0; i < 100; i++) fail(i);
  t.ok(told.every((news) => news.length < 40 && !/ada|192/.test(news)));
  for (const news of ['', 'names', 'toString x', ...told]) two.hear(news);
  const tooMany = { code: 'too_many_attempts' };
  t.throws(two.signIn('192.0.2.7', 'ada').demand, tooMany);
  t.throws(two.signOn('192.0.2.7').demand, tooMany);
  t.throws(two.code('192.0.2.7').demand, tooMany);
  t.throws(() => two.badToken('192.0.2.7'), tooMany);
  two.signIn('192.0.2.8', 'ada').demand();

  told.length = 0;
  one.signIn('192.0.2.7', 'ada').succeeded();
  for (const news of told) two.hear(news);
  two.signIn('192.0.2.7', 'ada').demand();
  told.length = 0;
  one.signIn('192.0.2.7', 'ada').succeeded();
  t.same(told, [], 'a right password without failures before it tells nothing');
});

t.test(
  'ten wrong passwords throttle an account at that address, each further one for longer',
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
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await t.rejects(anonymous.login('ada', 'no'), { status: 429 } as never);
      const answer = await fetch(`${url}/api/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'ada', password: right }),
      });
      t.equal(answer.status, 429, 'the right password is not even checked');
      const seconds = 60 * minutes - (minutes === 1 ? 1 : 0);
      t.equal(answer.headers.get('retry-after'), String(seconds));
      const words = minutes === 1 ? 'a minute' : `${minutes} minutes`;
      t.match(await answer.json(), {
        code: 'too_many_attempts',
        detail: new RegExp(`Try again in ${words}\\.`),
      });
      await anonymous.login('root', 'password of root');
      now += seconds * 1000;
      await t.rejects(anonymous.login('ada', 'no'), { status: 401 } as never);
    }
    now += 3_600_000;
    await anonymous.login('ada', right);
    await t.rejects(anonymous.login('ada', 'no'), { status: 401 } as never);
    await anonymous.login('ada', right);
  },
);

t.test('other spellings of a username share its tries', async (t) => {
  const { person, anonymous } = await startRegistry(t);
  await person('irina');
  // Spellings that the database treats as the same account, because it ignores NUL and case.
  const spellings = ['irina', 'IRINA', 'irina\0', '\0i\0rina', 'Irina', 'iRINa'];
  for (let i = 0; i < 10; i++) {
    const name = spellings[i % spellings.length] as string;
    await t.rejects(anonymous.login(name, 'no'), { status: 401 } as never);
  }
  for (const name of spellings) {
    await t.rejects(anonymous.login(name, 'no'), { status: 429 } as never, JSON.stringify(name));
  }
});

t.test('a flood from one address does not delay other addresses', async (t) => {
  const throttle = createThrottle();
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  const flood = Array.from({ length: 100 }, (_, i) =>
    throttle.signIn('192.0.2.7', `guess${i}`).inTurn(() => {
      begun += 1;
      return promise;
    }),
  );
  await throttle.signIn('192.0.2.8', 'ada').inTurn(async () => undefined);
  t.equal(begun, 2, 'the requests of the flood wait for each other');
  resolve();
  await Promise.all(flood);
  t.equal(begun, 100, 'nobody is refused for waiting');
});

t.test('invalid tokens are throttled; valid ones always pass', async (t) => {
  let now = 0;
  const { url, admin, gitUrl } = await startRegistry(t, { now: () => now });
  const me = (token: string) =>
    fetch(`${url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  const refs = `${gitUrl('Meter')}/info/refs?service=git-upload-pack`;
  const basic = (token: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`git:${token}`).toString('base64')}` },
  });
  for (let i = 0; i < 100; i++) {
    const tried = await (i % 2 ? me(`pbr_${i}`) : fetch(refs, basic(`pbr_${i}`)));
    t.equal(tried.status, 401);
  }
  const refused = await me('pbr_x');
  t.equal(refused.status, 429);
  t.equal(refused.headers.get('retry-after'), '900');
  t.equal((await me(admin.token)).status, 200);

  const plain = await fetch(refs, basic('pbr_x'));
  t.equal(plain.status, 429);
  t.equal(plain.headers.get('retry-after'), '900');
  t.match(plain.headers.get('content-type'), /^text\/plain/);
  await t.rejects(git(['ls-remote', gitUrl('Meter', 'pbr_x')]), /429/);
  t.equal((await fetch(refs, basic(admin.token))).status, 404, 'it gets the usual answer');
  now = 900_000;
  t.equal((await me('pbr_x')).status, 401);
});
