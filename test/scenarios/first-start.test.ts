/**
 * What the first start prints, and who can use it. The flaw: a site admin's token without expiry was printed to
 * standard output, which is often stored (journald, `docker logs`, CI). The attack: read the log and try every word
 * that could be a secret. Verified: without a terminal, only the one-time password gives access. On a terminal, the
 * token is valid for a day. After a day, no printed secret works.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { verify } from '@node-rs/argon2';
import t, { type Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { hashToken } from '../../registry/services/people/secrets.ts';
import { openStore, type Store } from '../../registry/store/open.ts';
import { type Server, serve } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { gitResult } from '../helpers/git.ts';
import { problemOf } from '../helpers/problem-of.ts';

t.setTimeout(240_000);

/** Starts a new registry. Returns the registry's output so far, and its database. */
async function firstStart(
  t: Test,
  how: { terminal?: boolean; flags?: string[] },
  more: Record<string, string> = {},
) {
  const { databaseUrl } = await freshDatabase(false);
  const settings = {
    DATA_DIR: t.testdir(),
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'trace',
    ...more,
  };
  const server = await serve(settings, { first: true, ...how });
  t.teardown(async () => {
    server.signal('SIGTERM');
    await server.ended;
  });
  const store = await openStore({ databaseUrl });
  t.teardown(() => store.close());
  return { server, store };
}

/** Every printed word that matches a token or password in the database. */
async function liveSecrets(store: Store, written: string) {
  const em = store.em();
  const words = [...new Set(written.match(/[\w-]{8,}/g))];
  const hashes = await em.execute<{ hash: string }[]>(
    'select hash from tokens where expires_at is null or expires_at > now()',
  );
  const known = new Set(hashes.map(({ hash }) => hash));
  const passwords = await em.execute<{ password_hash: string }[]>(
    `select password_hash from users where password_hash is not null
        and (password_expires_at is null or password_expires_at > now())`,
  );
  const opens = async (word: string) =>
    (await Promise.all(passwords.map((row) => verify(row.password_hash, word)))).includes(true);
  const typed: string[] = [];
  for (const word of words) if (await opens(word)) typed.push(word);
  return { tokens: words.filter((word) => known.has(hashToken(word))), passwords: typed };
}

const printedPassword = (server: Server) => /with password +(\S+)/.exec(server.output())?.[1] ?? '';

t.test(
  'without a terminal no token is printed, and the password expires after a day',
  async (t) => {
    const { server, store } = await firstStart(t, { terminal: false });
    const password = printedPassword(server);
    t.same(await liveSecrets(store, server.output()), { tokens: [], passwords: [password] });
    t.match(server.output(), /npx registry token create admin\n +git clone http:\/\/admin@127/);

    const { token } = await createClient({ url: server.url }).login('admin', password);
    const me = await createClient({ url: server.url, token }).me();
    t.ok(Date.parse(me.password_expires_at ?? '') - Date.now() > 23 * 3600_000, 'and says when');
    await store.em().execute(`update users set password_expires_at = now() - interval '1 second'`);
    const late = await problemOf(createClient({ url: server.url }).login('admin', password));
    t.match(late, { status: 401, detail: /expired at .*registry user password admin/ });
    t.same(await liveSecrets(store, server.output()), { tokens: [], passwords: [] });

    await createClient({ url: server.url, token }).users.change(me.user.id, {
      password: 'my own one',
    });
    const { user } = await createClient({ url: server.url }).login('admin', 'my own one');
    t.equal(user.username, 'admin', 'a password that its owner chose does not expire');
  },
);

t.test('on a terminal the token of the clone line lasts a day and cannot manage', async (t) => {
  const { server, store } = await firstStart(t, { terminal: true });
  const line = /git clone (\S+)/.exec(server.output())?.[1] ?? '';
  const token = new URL(line).password;
  t.same(await liveSecrets(store, server.output()), {
    tokens: [token],
    passwords: [printedPassword(server)],
  });
  t.match(await gitResult(['ls-remote', line]), { code: 0 }, 'the printed line works');
  const [row] = await store
    .em()
    .execute(`select scope, expires_at - now() <= interval '24 hours' as short from tokens`);
  t.same(row, { scope: 'write', short: true });
  await store.em().execute(`update tokens set expires_at = now() - interval '1 second'`);
  // The registry notices a change by SQL only a little later, so the test repeats the request until then.
  while ((await gitResult(['ls-remote', line])).code === 0);
  t.pass('it has expired');
});

t.test('a configured password is not printed', async (t) => {
  const given = { ADMIN_PASSWORD: 'open-sesame-1', JWT_SECRET: 'signs-sessions-'.repeat(3) };
  for (const terminal of [false, true]) {
    const { server, store } = await firstStart(t, { terminal }, given);
    t.same((await liveSecrets(store, server.output())).passwords, []);
    for (const secret of Object.values(given)) t.notMatch(server.output(), secret);
    t.match(server.output(), /password in ADMIN_PASSWORD/);
  }
});

t.test(
  'a secret passed as a flag is removed from the arguments that others can read',
  async (t) => {
    const flags = [
      '--admin-password',
      'open-sesame-1',
      '--jwt-secret',
      'signs-sessions-'.repeat(3),
    ];
    const { server } = await firstStart(t, { flags });
    const { stdout } = await promisify(execFile)('ps', [
      '-ww',
      '-o',
      'args=',
      '-p',
      `${server.pid}`,
    ]);
    t.match(stdout, /serve/);
    t.notMatch(stdout, /sesame|signs-sessions/);
  },
);
