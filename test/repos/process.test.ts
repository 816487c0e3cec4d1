import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import t from 'tap';
import { openGitProgram } from '../../repos/process.ts';
import type { GitProgram } from '../../repos/types.ts';

let git: GitProgram;
t.before(async () => {
  git = await openGitProgram();
});
t.teardown(() => git.close());

const blobId = (bytes: Uint8Array) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

t.test('run returns output, or fails with git_failed and git’s message', async (t) => {
  const { stdout, code } = await git.run({ args: ['--version'] });
  t.match(stdout.toString(), /^git version /);
  t.equal(code, 0);
  await t.rejects(git.run({ args: ['no-such-command'] }), {
    code: 'git_failed',
    message: /not a git command/,
  });
  await t.rejects(git.run({ args: ['a\0b'] }), { code: 'git_failed' });
  await t.rejects(git.run({ args: ['--version'], cwd: '/nonexistent' }), { code: 'git_failed' });
  const allowed = await git.run({ args: ['no-such-command'], allow: [1] });
  t.equal(allowed.code, 1);
});

t.test('arguments reach git byte for byte, without a shell', async (t) => {
  const odd = 'a\nb "c" \'d\' $(e) `f` ; g \\ ü';
  const { stdout } = await git.run({ args: ['-c', `x.y=${odd}`, 'config', '-z', 'x.y'] });
  t.equal(stdout.toString(), `${odd}\0`);
});

t.test('git sees a clean environment plus the variables of the run', async (t) => {
  const seen = await git.run({
    args: ['-c', 'alias.env=!env', 'env'],
    env: { GIVEN: 'yes' },
  });
  const names = seen.stdout
    .toString()
    .split('\n')
    .map((line) => line.split('=')[0]);
  t.ok(names.includes('GIVEN'));
  t.notOk(names.includes('USER'));
  t.notOk(names.some((name) => name?.startsWith('npm_') || name?.startsWith('TAP')));
});

t.test('50 MB of input arrive complete, and concurrent runs do not mix', async (t) => {
  const bytes = Buffer.alloc(50 * 1024 * 1024, 'abcdefg');
  const { stdout } = await git.run({ args: ['hash-object', '--stdin'], input: bytes });
  t.equal(stdout.toString().trim(), blobId(bytes));
  const small = Array.from({ length: 30 }, (_, i) => Buffer.from(`text ${i}`));
  const ids = await Promise.all(
    small.map((input) => git.run({ args: ['hash-object', '--stdin'], input })),
  );
  t.same(
    ids.map((id) => id.stdout.toString().trim()),
    small.map(blobId),
  );
});

t.test('unread output pauses git and arrives complete once read', async (t) => {
  const child = git.spawn({ args: ['-c', 'alias.cat=!cat', 'cat'] });
  let taken = 0;
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  const writing = (async () => {
    for (; taken < 50; taken += 1) {
      if (!child.stdin.write(chunk)) await once(child.stdin, 'drain');
    }
    child.stdin.end();
  })();
  await once(child.stdout, 'readable');
  t.ok(taken < 50, 'the writer waits for the reader');
  let size = 0;
  for await (const part of child.stdout) size += part.length;
  await writing;
  t.equal(size, 50 * chunk.length);
  t.equal((await child.exit).code, 0);
});

t.test('closing stdin ends git while its output stays open', async (t) => {
  const child = git.spawn({ args: ['hash-object', '--stdin'] });
  await pipeline([Buffer.from('abc')], child.stdin);
  let out = '';
  for await (const part of child.stdout) out += part;
  t.equal(out.trim(), blobId(Buffer.from('abc')));
});

t.test('an aborted run fails and closes the input of git', async (t) => {
  const before = new AbortController();
  before.abort();
  await t.rejects(git.run({ args: ['--version'], signal: before.signal }), { code: 'git_failed' });

  const during = new AbortController();
  const child = git.spawn({ args: ['cat-file', '--batch'], cwd: '.', signal: during.signal });
  child.stdin.write('HEAD\n');
  await once(child.stdout, 'readable');
  during.abort();
  await t.rejects(child.exit, { code: 'git_failed', message: /aborted/ });
});

t.test('a killed helper fails its runs and is started again', async (t) => {
  const child = git.spawn({ args: ['-c', 'alias.parent=!echo $PPID; cat', 'parent'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { stdout } = await git.run({
    args: ['-c', `alias.helper=!ps -o ppid= -p ${Number(line.toString())}`, 'helper'],
  });
  process.kill(Number(stdout.toString()), 'SIGKILL');
  await t.rejects(child.exit, { code: 'git_failed' });
  const after = await git.run({ args: ['--version'] });
  t.equal(after.code, 0);
});

t.test('a closed program refuses to run', async (t) => {
  const closed = await openGitProgram();
  await closed.close();
  await t.rejects(closed.run({ args: ['--version'] }), { code: 'git_failed' });
});
