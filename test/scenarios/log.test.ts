/** The log never contains a usable secret, at any level. The test sends secrets correctly and by mistake. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { loggerOptions } from '../../registry/logging.ts';
import { registry, serve } from '../helpers/command.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { git, gitResult } from '../helpers/git.ts';
import { Browser, startProvider } from '../helpers/oidc-provider.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

t.test('no log line contains a secret', async (t) => {
  const secrets = new Map<string, string>();
  const secret = (what: string, value: string) => {
    if (value.length < 6) throw new Error(`${what}: too short to be looked for`);
    secrets.set(what, value);
    return value;
  };
  let url = '';
  const provider = await startProvider(t, () => `${url}/api/auth/oidc/callback`);
  const folder = t.testdir();
  await putDatabase(folder);
  const server = await serve(
    {
      DATA_DIR: folder,
      LOG_LEVEL: 'trace',
      ADMIN_PASSWORD: secret('the password of the first administrator', 'open-sesame-1'),
      JWT_SECRET: secret('the secret that signs sessions', 'signs-sessions-'.repeat(3)),
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: secret('the secret for the provider', provider.clientSecret),
    },
    { first: true },
  );
  t.teardown(() => server.signal('SIGKILL'));
  url = server.url;
  const ask = (path: string, init: RequestInit & { json?: object } = {}) =>
    fetch(url + path, {
      redirect: 'manual',
      ...init,
      ...(init.json && {
        method: init.method ?? 'POST',
        body: JSON.stringify(init.json),
        headers: { 'content-type': 'application/json', ...init.headers },
      }),
    });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  // Valid, wrong and malformed sign-ins.
  const login = '/api/auth/login';
  const signedIn = await ask(login, { json: { username: 'admin', password: 'open-sesame-1' } });
  const [cookie = ''] = signedIn.headers.getSetCookie();
  const { token: session } = (await signedIn.json()) as { token: string };
  secret('a session', session);
  secret('its cookie', cookie.split(/[=;]/)[1] ?? '');
  const wrong = secret('a wrong password', 'wrong-guess-1');
  for (let i = 0; i < 12; i++) await ask(login, { json: { username: 'admin', password: wrong } });
  const asName = secret('a password typed as the name', 'typed-too-early');
  await ask(login, { json: { username: asName, password: 'x' } });
  await ask(login, { json: { username: 'admin', password: { [asName]: asName } } });
  await ask(login, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"password": "${asName}`,
  });
  await ask('/api/auth/me', { headers: { cookie: cookie.split(';')[0] as string } });
  await ask('/api/auth/me', { headers: { cookie: `registry_session=${session}x` } });

  // People and their tokens.
  const admin = createClient({ url, token: session });
  const account = { username: 'ada', name: 'Ada', email: 'ada@lab.example' };
  const password = secret('the password of an account', 'password-of-ada');
  const { id } = await admin.users.create({ ...account, password });
  await ask('/api/users', { json: { ...account, password }, headers: bearer(session) });
  await admin.users.change(id, { password: secret('another password', 'another-of-ada') });
  const made = await ask('/api/tokens', {
    json: { name: 'ci', scope: 'admin' },
    headers: bearer(session),
  });
  const { token } = (await made.json()) as { token: string };
  secret('a token', token);
  secret('the stored hash of the token', createHash('sha256').update(token).digest('hex'));
  const bad = secret('an invalid token', 'pbr_Th1sTokenIsNotOne-atAll');
  for (const what of [token, bad, `${session}x`])
    await ask('/api/auth/me', { headers: bearer(what) });
  await ask('/api/auth/me', { headers: { authorization: `Basic ${btoa(`git:${token}`)}` } });

  // Secrets in addresses by mistake.
  for (const query of [`token=${token}`, `access_token=${session}`, `q=${bad}`, `code=${wrong}`]) {
    await ask(`/api/instrument-definitions?${query}`);
    await ask(`/nowhere/${token}?${query}`);
    await ask(`/definitions/SR830.git/info/refs?service=git-upload-pack&${query}`);
  }
  await ask(`/%zz/${token}`);

  // Codes in bodies, for existing and unknown paths.
  const code = secret('a one-time code', 'ENROL-8F2K-Q7');
  for (const path of ['/api/computers/enrol', '/api/nowhere', '/api/labs']) {
    const json = { code, computer_name: 'PC', computer_id: '1', username: 'u', os: 'Linux' };
    await ask(path, { json });
    await ask(path, { json: { ...json, name: code.repeat(30) }, headers: bearer(session) });
  }

  // git, with valid and wrong credentials.
  await createClient({ url, token }).definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  const repository = (password: string) =>
    `${url.replace('//', `//git:${encodeURIComponent(password)}@`)}/definitions/Meter.git`;
  const clone = join(folder, 'clone');
  await git(['clone', '-q', repository(token), clone]);
  await git([
    '-C',
    clone,
    '-c',
    'user.name=A',
    '-c',
    'user.email=a@b',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'x',
  ]);
  for (const password of [token, bad, wrong]) {
    await gitResult(['-C', clone, 'push', repository(password), 'HEAD:main']);
    await gitResult(['-C', clone, 'push', repository(password), 'HEAD:refs/for/main']);
    await gitResult(['ls-remote', repository(password)]);
  }

  // Single sign-on: successful, cancelled, replayed, and with the provider down.
  provider.people.set('sub-1', { preferred_username: 'sub', email: 'sub@uni.example' });
  for (const who of ['sub-1', null]) {
    provider.atBrowser = who;
    const browser = new Browser();
    let back = '';
    await browser.open(`${url}/api/auth/oidc/start`, (address) => {
      back = address;
      return address.startsWith(`${url}/api/auth/oidc/callback`);
    });
    const { searchParams } = new URL(back);
    const kept = browser.cookie(url);
    secret(`what the browser keeps (${who})`, kept.split('=')[1] ?? '');
    secret(`the state (${who})`, searchParams.get('state') ?? '');
    if (who) secret('the code', searchParams.get('code') ?? '');
    await browser.open(back, (address) => !address.startsWith(`${url}/api`));
    if (who) secret('the session that it starts', browser.cookie(url).split('=')[1] ?? '');
    await ask(back.slice(url.length), { headers: { cookie: kept } });
    await ask(back.slice(url.length));
    if (who === null) await provider.down();
    await ask(back.slice(url.length), { headers: { cookie: kept } });
  }
  await ask('/api/auth/logout', { method: 'POST', headers: bearer(session) });

  const file = await readFile(join(folder, 'keys', 'signing-keys.json'), 'utf8');
  t.ok(file, 'the registry has keys');
  server.signal('SIGTERM');
  const { stdout, stderr } = await server.ended;
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  t.ok(lines.length > 50, `${lines.length} lines`);
  t.ok(
    lines.some((line) => line.includes('sign-in refused')),
    'the failures are logged',
  );
  const log = [...lines, stderr].join('\n');
  for (const [what, value] of secrets) {
    for (const form of [value, encodeURIComponent(value), btoa(`git:${value}`)]) {
      t.notOk(log.includes(form), `${what}: ${lines.find((line) => line.includes(form)) ?? ''}`);
    }
  }
  t.notMatch(
    log,
    /\$argon2id\$|PRIVATE KEY|eyJ[\w-]+\.eyJ/,
    'the log has no hash, no key and no session',
  );
});

t.test('no message contains a password from DATABASE_URL', async (t) => {
  const DATA_DIR = t.testdir();
  for (const url of [
    'postgresql://registry:hidden-pw@127.0.0.1:1/registry',
    'postgresql://registry:hidden-pw@127.0.0.1:nope/registry',
    'mysql://registry:hidden-pw@127.0.0.1/registry',
  ]) {
    const { code, stdout, stderr } = await registry(['serve'], { DATA_DIR, DATABASE_URL: url });
    t.not(code, 0);
    t.notMatch(stdout + stderr, /hidden-pw/, url);
  }
});

await onEachDatabase(
  t,
  'an error of the database is logged without rows and values',
  async (t, store) => {
    const { err } = loggerOptions({ LOG_LEVEL: 'trace' }).serializers;
    const insert = (more: string, value: string) =>
      `insert into users (username, password_hash, ${more}) values ('ada', 'hidden-hash', ${value})`;
    for (const sql of [insert('nope', '1'), insert('name', 'null'), insert('id', "'x'"), 'sele']) {
      const error = await store
        .em()
        .execute(sql)
        .then(
          () => null,
          (error: Error) => error,
        );
      if (!error) throw new Error(`no error by ${sql}`);
      const line = JSON.stringify(err(error));
      t.notMatch(line, /hidden-hash/, sql);
      t.match(JSON.parse(line), { message: /./, stack: /./ });
    }
  },
);
