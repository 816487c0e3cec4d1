/** Runs the command line as people do, every command in its own process. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { withShortPath } from '../../registry/cli/short-path.ts';
import { registry, type Server, serve } from '../helpers/command.ts';
import { git, gitResult } from '../helpers/git.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);
const folder = t.testdir();
const DATA_DIR = join(folder, 'var');
const settings = { DATA_DIR };
let server: Server;
let password = '';
let token = '';

t.teardown(async () => {
  server?.signal('SIGKILL');
  await server?.ended;
});

t.test('the first start prints a password and how to create a token and clone', async (t) => {
  server = await serve(settings, { first: true });
  const greeting = server.output();
  password = /with password +(\S+)/.exec(greeting)?.[1] ?? '';
  const line = /^ +(git clone \S+)$/m.exec(greeting)?.[1] ?? '';
  const command = /^ +npx registry (token create admin)$/m.exec(greeting)?.[1] ?? '';
  token = (await registry(command.split(' '), settings)).stdout.trim();
  t.match(token, /^pbr_/);
  t.match(greeting, `Open            ${server.url}/\n`);
  const session = await createClient({ url: server.url }).login('admin', password);
  t.match(session.user, { username: 'admin', is_admin: true });

  const address = new URL(line.replace('git clone ', ''));
  address.password = token;
  await git(['clone', address.href, join(folder, 'clone')]);
  t.match(await readdir(join(folder, 'clone')), ['.git', 'SR830.py']);
  const { total } = await createClient({ url: server.url, token }).definitions.list();
  t.ok(total >= 14, `${total} built-in definitions`);
});

/**
 * The flaw: writing to a client that had disconnected raised an error that nobody caught, and the server stopped. For
 * example, Ctrl-C in `registry import` or `registry user list | head` stopped the server.
 */
t.test('a client that disconnects or sends nothing does not stop the server', async (t) => {
  const ask = async (text: string, { leaves }: { leaves: boolean }) => {
    const socket = await withShortPath(join(DATA_DIR, 'registry.sock'), async (short) => {
      const socket = createConnection(short);
      await once(socket, 'connect');
      return socket;
    });
    await new Promise((written) => socket.write(text, written));
    if (leaves) return socket.destroy();
    const answer = [];
    for await (const line of createInterface({ input: socket })) answer.push(JSON.parse(line));
    return answer;
  };
  const request = (command: string) => `${JSON.stringify({ command, options: {} })}\n`;
  for (let n = 0; n < 5; n++) {
    await ask(request('user list'), { leaves: true });
    await ask(request('fsck'), { leaves: true });
    await ask('{"command":', { leaves: true });
  }
  for (const text of [
    ...['', 'toString', 'constructor', '__proto__'].map(request),
    'x\n',
    'null\n',
  ])
    t.match(await ask(text, { leaves: false }), [{ err: /./ }, { exit: 1 }], text);
  t.match(await ask(request('user list'), { leaves: false }), [{ out: /admin/ }, { exit: 0 }]);
  t.equal((await fetch(`${server.url}/readyz`)).status, 200);
});

t.test('the log contains neither password nor token', async (t) => {
  await gitResult(['ls-remote', `${server.url.replace('//', `//x:${token}@`)}/definitions/No.git`]);
  const log = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  t.ok(log.length > 5, 'requests are logged');
  for (const line of log) {
    const { level, time } = JSON.parse(line);
    t.ok(level && time);
    for (const secret of [password, token, Buffer.from(`x:${token}`).toString('base64')]) {
      t.notOk(line.includes(secret));
    }
  }
});

t.test('health, metrics, API document and its pages answer', async (t) => {
  const answers: Record<string, RegExp> = {
    '/healthz': /"ok"/,
    '/readyz': /"ok"/,
    '/metrics': /^http_request_duration_seconds_count\{/m,
    '/openapi.json': /"openapi":"3\.1\.0"/,
    '/docs': /<html/,
  };
  for (const [path, text] of Object.entries(answers)) {
    const answer = await fetch(server.url + path);
    t.equal(answer.status, 200, path);
    t.match(await answer.text(), text, path);
  }
});

t.test('keys and the socket are readable by their own account only', async (t) => {
  const mode = async (path: string) =>
    ((await stat(join(DATA_DIR, path))).mode & 0o777).toString(8);
  for (const key of await readdir(join(DATA_DIR, 'keys')))
    t.equal(await mode(`keys/${key}`), '600');
  t.equal(await mode('keys'), '700');
  t.equal(await mode('registry.sock'), '600');
});

t.test('a second server on the same folder exits with 3 and says why', async (t) => {
  const { code, stderr } = await registry(['serve'], { ...settings, PORT: '0' });
  t.equal(code, 3, stderr);
  t.match(stderr, /in use|another process/i);
  t.notMatch(stderr, /at .*\.ts:\d/, 'the message has no stack trace');
});

const run = (...args: string[]) => registry(args, settings);

/** Commands must work alike with and without a running server. Returns a backup that one of the commands created. */
async function commandsWork(t: Test, name: string): Promise<string> {
  t.match(await run('migrate'), { code: 0, stdout: /up to date/ });
  t.match(await run('user', 'add', name, '--email', `${name}@lab.example`), {
    code: 0,
    stdout: /Password: \S{12}/,
  });
  t.match(
    await registry(['user', 'password', name, '--password-stdin'], settings, 'a new password\n'),
    {
      code: 0,
      stdout: new RegExp(`Changed the password of ${name}`),
    },
  );
  t.match(await run('user', 'list'), {
    code: 0,
    stdout: new RegExp(`${name}\t${name}@lab.example`),
  });
  const made = await run('token', 'create', name, '--scope', 'read');
  t.match(made, { code: 0, stdout: /^pbr_\S+\n$/, stderr: /only once/ });
  t.match(await run('reindex'), { code: 0, stdout: /\d\d definitions, \d\d versions indexed/ });
  t.match(await run('keys', 'rotate'), {
    code: 0,
    stdout: /signed with SHA256:\S{43} from now on/,
  });
  t.match(await run('fsck'), { code: 0, stdout: /\d\d repositories, 0 problems/ });
  t.match(await run('maintain'), { code: 0, stdout: /\d\d repositories are in order, 0 are not/ });
  const file = join(folder, `${name}.zip`);
  t.match(await run('backup', file), {
    code: 0,
    stdout: /\d\d repositories and \d+ rows are in/,
    stderr: /^Backing up repositories: (\d+)\/\1$/m,
  });
  return file;
}

t.test('a running server carries out commands', async (t) => {
  const file = await commandsWork(t, 'beside');
  t.match(await run('restore', file), { code: 1, stderr: /only into an empty registry/ });
  t.match(await run('restore', DATA_DIR), {
    code: 1,
    stderr: /was not made by a registry|is a folder, not a file/,
  });
  t.match(await run('restore', join(folder, 'no')), { code: 1, stderr: /: there is no such file/ });
  for (const command of [['backup'], ['export', '--bundle', '--builtin']]) {
    const nowhere = await run(...command, join(folder, 'no', 'where'));
    t.match(nowhere, { code: 1, stderr: /The folder .*no does not exist. Create it first/ });
    const onto = await run(...command, folder);
    t.match(onto, { code: 1, stderr: /is a folder. Give the path of a file in it/ });
    for (const { stderr } of [nowhere, onto]) t.notMatch(stderr, /ENOENT|EISDIR|Exporting|Backing/);
  }
  t.match(await createClient({ url: server.url }).login('beside', 'a new password'), {
    user: { username: 'beside' },
  });
  const address = `${server.url.replace('//', `//x:${token}@`)}/definitions/SR830.git`;
  const seen = async () => /refs\/heads\/by-hand$/m.test(await git(['ls-remote', address]));
  t.notOk(await seen());
  const cwd = join(DATA_DIR, 'repos', 'SR830.git');
  await git(['update-ref', 'refs/heads/by-hand', 'refs/heads/main'], { cwd });
  t.match(await run('maintain'), { code: 0 });
  t.ok(await seen(), 'changes made with git are visible');
});

t.test('a command that fails prints one line and exits with 1', async (t) => {
  const name = 'beside';
  t.match(await run('user', 'add', name), { code: 1, stderr: /taken|already/i }, 'once only');
  const odd: [RegExp, string[], string?][] = [
    [/^.*username must match/m, ['a b']],
    [/^name cannot contain U\+000A/, ['odd', '--name', 'Line\nend']],
    [/^email must be an address/, ['odd', '--email', 'none']],
    [/^.*password must NOT have fewer than 8/m, ['odd', '--password-stdin'], ''],
    [/^.*password must NOT have fewer than 8/m, ['odd', '--password-stdin'], 'short\n'],
  ];
  for (const [stderr, args, input] of odd) {
    t.match(await registry(['user', 'add', ...args], settings, input), { code: 1, stderr });
  }
  t.match(await registry(['user', 'password', name, '--password-stdin'], settings, '\n'), {
    code: 1,
    stderr: /password must NOT have fewer than 8/,
  });
  t.notMatch(await run('user', 'list'), { stdout: /odd/ });
  t.match(await run('token', 'create', 'nobody-at-all'), { code: 1, stderr: /no account/ });
  t.match(await run('token', 'create', name, '--expires', 'yesterday'), {
    code: 1,
    stderr: /not a valid time/,
  });
});

t.test('SIGTERM lets a running push finish and exits with 0', async (t) => {
  const clone = join(folder, 'clone');
  const { client } = { client: createClient({ url: server.url, token }) };
  const made = await client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  const url = `${server.url.replace('//', `//x:${token}@`)}/definitions/Meter.git`;
  await git(['clone', '-q', url, `${clone}-meter`]);
  for (let n = 2; n < 5; n++) {
    await git(['rm', '-q', '--cached', 'Meter.py'], { cwd: `${clone}-meter` });
    const file = `${measurement('Meter', n)}`;
    const oid = (
      await git(['hash-object', '-w', '--stdin'], { cwd: `${clone}-meter`, input: file })
    ).trim();
    await git(['update-index', '--add', '--cacheinfo', `100644,${oid},Meter.py`], {
      cwd: `${clone}-meter`,
    });
    await git(['commit', '-q', '-m', `Say ${n}`], { cwd: `${clone}-meter` });
  }
  const logged = server.output().length;
  const pushing = gitResult(['push', 'origin', 'HEAD:main'], { cwd: `${clone}-meter` });
  await server.prints(/"POST".*git-receive-pack/, logged);
  server.signal('SIGTERM');
  const pushed = await pushing;
  t.equal(pushed.code, 0, pushed.stderr);
  t.match(pushed.stderr, /Meter is now at version 4/);
  t.match(await server.ended, { code: 0 });
  t.ok(made.id);
});

t.test('commands without a server work on the folder themselves', async (t) => {
  await commandsWork(t, 'alone');
});

t.test('a second start prints no secrets, and everything is still there', async (t) => {
  server = await serve(settings);
  t.notMatch(server.output(), /password|pbr_|git clone/i);
  const client = createClient({ url: server.url, token });
  t.match(await client.definitions.byName('Meter'), { version: 4 });
  t.match(await createClient({ url: server.url }).login('alone', 'a new password'), {
    token: String,
  });
  server.signal('SIGTERM');
  t.match(await server.ended, { code: 0 });
});

t.test('bad settings are named and exit with 2', async (t) => {
  const bad = {
    PORT: 'many',
    DATABASE_URL: 'mysql://x',
    PUBLIC_URL: 'registry.example',
    ADMIN_PASSWORD: 'short',
    JWT_SECRET: 'short',
    ANONYMOUS_READ: 'perhaps',
    LOG_LEVEL: 'loud',
  };
  const { code, stderr } = await registry(['serve'], { DATA_DIR: join(folder, 'none'), ...bad });
  t.equal(code, 2);
  for (const name of Object.keys(bad)) t.match(stderr, new RegExp(`^${name} `, 'm'));
  t.notMatch(stderr, /short/, 'secrets are not repeated');
  const byFlag = await registry(['serve', '--port', '70000'], {});
  t.match(byFlag, { code: 2, stderr: /^PORT /m });
  t.notMatch((await readdir(folder)).join(), /none/, 'nothing was made');
});

t.test('wrong usage exits with 2, help with 0', async (t) => {
  t.match(await registry(['nonsense'], settings), { code: 2, stderr: /unknown command/ });
  t.match(await registry(['serve', '--nonsense'], settings), { code: 2, stderr: /unknown option/ });
  t.match(await registry(['user', 'add'], settings), {
    code: 2,
    stderr: /missing required argument/,
  });
  for (const command of [
    '',
    'serve',
    'migrate',
    'reindex',
    'fsck',
    'maintain',
    'import',
    'export',
    'backup',
    'restore',
    'confirm-restore',
    'keys',
    'keys rotate',
    'user',
    'user add',
    'user password',
    'user list',
    'token',
    'token create',
  ]) {
    const words = command.split(' ').filter(Boolean);
    t.match(
      await registry([...words, '--help'], {}),
      { code: 0, stdout: /^Usage: registry/ },
      command,
    );
  }
});

t.test('npx registry is the same program', async (t) => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { stdout } = await promisify(execFile)('npx', ['--no-install', 'registry', '--help'], {
    cwd: root,
  });
  t.match(stdout, /^Usage: registry/);
});
