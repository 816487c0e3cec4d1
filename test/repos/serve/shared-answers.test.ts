import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { writeCommandRequest } from '../../../repos/wire/command-request.ts';
import { post } from './raw.ts';
import { startServer, type TestServer } from './server.ts';

let server: TestServer;
/** The number of git processes that were started. */
let started = 0;
t.before(async () => {
  server = await startServer();
  const { spawn } = server.git;
  server.git.spawn = (run) => {
    if (run.args.includes('upload-pack')) started += 1;
    return spawn(run);
  };
});
t.beforeEach(() => {
  started = 0;
});
t.afterEach(() => t.same(server.failures, []));
t.teardown(() => server[Symbol.asyncDispose]());

async function repositoryWith(name: string, bytes: number) {
  await server.repositories.create(name);
  const cwd = await server.workingCopy(name);
  const save = async () => {
    await writeFile(join(cwd, 'data'), randomBytes(bytes));
    await server.client(['add', '.'], { cwd });
    await server.client(['commit', '-q', '-m', 'x'], { cwd });
    await server.client(['push', '-q', 'origin', 'HEAD:main'], { cwd });
    return (await server.client(['rev-parse', 'HEAD'], { cwd })).trim();
  };
  const fetchOf = (want: string, agent = 'a') => {
    const args = ['ofs-delta', `want ${want}`, 'done'];
    const body = writeCommandRequest({ command: 'fetch', capabilities: [`agent=${agent}`], args });
    const headers = { 'git-protocol': 'version=2' };
    return post(`${server.url}/${name}.git`, 'git-upload-pack', body, headers);
  };
  return { save, fetchOf };
}

t.test(
  'clients with the same request at the same time share one process and one answer',
  async (t) => {
    const { save, fetchOf } = await repositoryWith('Small', 5000);
    const head = await save();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => fetchOf(head, `${i}`)));
    t.equal(started, 1);
    t.equal(new Set(answers.map(({ bytes }) => bytes.toString('base64'))).size, 1);
    t.match(answers[0]?.bytes.toString('latin1'), /packfile/);
    await fetchOf(head);
    t.equal(started, 1, 'later clients share it too');
  },
);

t.test('a cached answer is valid only for the state of its refs', async (t) => {
  const { save, fetchOf } = await repositoryWith('Moving', 5000);
  const first = await save();
  const before = await fetchOf(first);
  await save();
  await fetchOf(first);
  t.equal(started, 2);
  t.equal(before.status, 200);
});

t.test('clients that see other refs do not share an answer', async (t) => {
  const { save, fetchOf } = await repositoryWith('Seen', 5000);
  const head = await save();
  await fetchOf(head);
  const { visible } = server.rules;
  server.rules.visible = (ref) => ref === 'refs/heads/none';
  t.match((await fetchOf(head)).bytes.toString('latin1'), /not our ref/);
  server.rules.visible = visible;
});

t.test('large answers are complete and not cached', async (t) => {
  server.rules.limits = { packBytes: 64 * 1024 * 1024, fileBytes: 10 * 1024 * 1024 };
  const { save, fetchOf } = await repositoryWith('Big', 6 * 1024 * 1024);
  const head = await save();
  const answers = await Promise.all([fetchOf(head), fetchOf(head)]);
  for (const { bytes } of answers) {
    t.ok(bytes.length > 6 * 1024 * 1024);
    t.equal(bytes.subarray(-4).toString(), '0000');
  }
  t.equal(started, 2);
});

t.test('a client that disconnects during a large answer ends its process', async (t) => {
  const { save } = await repositoryWith('Left', 6 * 1024 * 1024);
  const head = await save();
  const body = writeCommandRequest({
    command: 'fetch',
    capabilities: [],
    args: [`want ${head}`, 'done'],
  });
  const left = new AbortController();
  const spawned = server.git.spawn;
  let ended: Promise<unknown> | undefined;
  server.git.spawn = (run) => {
    const child = spawned(run);
    ended = child.exit.catch(() => 'cut off');
    return child;
  };
  const response = await fetch(`${server.url}/Left.git/git-upload-pack`, {
    method: 'POST',
    headers: {
      'git-protocol': 'version=2',
      'content-type': 'application/x-git-upload-pack-request',
    },
    body: new Uint8Array(body),
    signal: left.signal,
  });
  await response.body?.getReader().read();
  left.abort();
  t.ok(await ended);
  server.git.spawn = spawned;
});
