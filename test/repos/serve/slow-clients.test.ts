import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { mock } from 'node:test';
import t from 'tap';
import { writeCommandRequest } from '../../../repos/wire/command-request.ts';
import { packOf, post, pushBody, rawCommit, rawTree, writeObject } from './raw.ts';
import { startServer, type TestServer } from './server.ts';

t.setTimeout(120_000);
const MIB = 1024 * 1024;
/** At most this many git processes run at the same time, and clients can feed this many of them (repos/spawner.ts). */
const PLACES = 16;
const FED_PLACES = 8;
/** Milliseconds after which the server gives up waiting for a client (repos/serve/pace.ts). */
const TOO_LONG = 61_000;

let server: TestServer;
let cwd = '';
let head = '';
t.before(async () => {
  server = await startServer();
  await server.repositories.create('Small');
  cwd = await server.workingCopy('Small');
  head = await writeObject(cwd, 'commit', rawCommit(await emptyTree()));
  await server.client(['push', '-q', 'origin', `${head}:refs/heads/main`], { cwd });
});
t.teardown(() => server[Symbol.asyncDispose]());

const emptyTree = () => writeObject(cwd, 'tree', rawTree([]));

/** Bodies with the same request in different words, so that no two of them share an answer. */
const question = (want: string, n: number) =>
  writeCommandRequest({
    command: 'fetch',
    capabilities: [],
    args: [`want ${want}`, `deepen ${n + 1}`, 'done'],
  });

const fetchSmall = (n: number) =>
  post(`${server.url}/Small.git`, 'git-upload-pack', question(head, n), {
    'git-protocol': 'version=2',
  });

function open(name: string, service: string): ClientRequest {
  const asked = request(`${server.url}/${name}.git/${service}`, {
    method: 'POST',
    headers: { 'content-type': `application/x-${service}-request`, 'git-protocol': 'version=2' },
    agent: false,
  });
  asked.on('error', () => undefined);
  return asked;
}

t.test('more concurrent requests than git slots are all answered', async (t) => {
  const answers = await Promise.all(Array.from({ length: 2 * PLACES }, (_, n) => fetchSmall(n)));
  t.ok(answers.every(({ status, bytes }) => status === 200 && bytes.includes('PACK')));
});

t.test('clients that stop reading lose their slots', async (t) => {
  const { path } = await server.repositories.create('Big');
  // Without this setting, sixteen processes would search random data for deltas.
  await server.client(['config', 'pack.window', '0'], { cwd: path });
  const work = await server.workingCopy('Big');
  await server.client(['config', 'core.compression', '0'], { cwd: work });
  for (let i = 0; i < 24; i += 1) await writeFile(join(work, `${i}`), randomBytes(MIB));
  await server.client(['add', '.'], { cwd: work });
  await server.client(['commit', '-q', '-m', 'big'], { cwd: work });
  await server.client(['push', '-q', 'origin', 'main'], { cwd: work });
  const big = (await server.client(['rev-parse', 'HEAD'], { cwd: work })).trim();
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const stalled = await Promise.all(
    Array.from({ length: PLACES }, async (_, n) => {
      const asked = open('Big', 'git-upload-pack');
      asked.end(question(big, n));
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      return answer;
    }),
  );
  let answered = false;
  const waiting = fetchSmall(1000).then((answer) => {
    answered = true;
    return answer;
  });
  await server.client(['ls-remote', `${server.url}/Small.git`]);
  t.notOk(answered, 'all slots are in use');
  mock.timers.tick(TOO_LONG);
  t.equal((await waiting).status, 200);
  for (const answer of stalled) answer.destroy();
});

/** Sends a push of a new branch with this many files, except for its last ten bytes. */
async function unfinishedPush(
  ref: string,
  files: number,
): Promise<{ whole: Buffer; part: Buffer }> {
  const blobs = await Promise.all(
    Array.from({ length: files }, (_, n) => writeObject(cwd, 'blob', `${ref} ${n}`)),
  );
  const entries = blobs.map((oid, n): [string, string, string] => ['100644', `f${100 + n}`, oid]);
  const tree = await writeObject(cwd, 'tree', rawTree(entries));
  const commit = await writeObject(cwd, 'commit', rawCommit(tree, head));
  const pack = await packOf(cwd, [commit, tree, ...blobs]);
  const whole = pushBody([{ ref, from: null, to: commit }], pack);
  return { whole, part: whole.subarray(0, whole.length - 10) };
}

/** Sends the body in several requests, and returns the status of each answer. */
function sendParts(part: Buffer) {
  const begun = Array.from({ length: FED_PLACES + 2 }, () => {
    const push = open('Small', 'git-receive-pack');
    push.write(part);
    return push;
  });
  const statuses = begun.map(async (push) => {
    const [answer] = (await once(push, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  });
  return { begun, statuses: Promise.all(statuses) };
}

t.test('clients that stop sending lose their slots and get an error', async (t) => {
  const { whole, part } = await unfinishedPush('refs/heads/slow', 40);
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const { begun, statuses } = sendParts(part);
  await server.untilLeftovers((paths) => pushes(paths) === begun.length);
  t.equal((await fetchSmall(2000)).status, 200, 'others do not wait');
  mock.timers.tick(TOO_LONG);
  t.same(new Set(await statuses), new Set([408]));
  const push = post(`${server.url}/Small.git`, 'git-receive-pack', whole);
  t.match((await push).bytes.toString(), /ok refs\/heads\/slow/);
  for (const push of begun) push.destroy();
  await server.untilLeftovers((paths) => pushes(paths) === 0);
  t.same(server.failures, []);
});

t.test('small pushes need no slot until they have arrived', async (t) => {
  const small = await unfinishedPush('refs/heads/small', 1);
  const large = await unfinishedPush('refs/heads/large', 40);
  const { promise: all, resolve: allBegun } = Promise.withResolvers<void>();
  const { gate } = server.rules;
  t.teardown(() => {
    server.rules.gate = gate;
  });
  let admitted = 0;
  server.rules.gate = (repository) => ({
    ...gate(repository),
    async admit() {
      admitted += 1;
      if (admitted === begun.length) allBegun();
      return [];
    },
  });
  const { begun, statuses } = sendParts(small.part);
  await all;
  const push = post(`${server.url}/Small.git`, 'git-receive-pack', large.whole);
  t.match((await push).bytes.toString(), /ok refs\/heads\/large/, 'others do not wait');
  for (const push of begun) push.end(small.whole.subarray(small.part.length));
  t.same(new Set(await statuses), new Set([200]));
  t.same(await server.leftovers(), []);
  t.same(server.failures, []);
});

const pushes = (paths: string[]) => paths.filter((path) => /^push-\w+$/.test(path)).length;

t.test('a client that keeps sending after its push was refused is cut off', async (t) => {
  server.rules.limits = { packBytes: 100_000, fileBytes: 50_000 };
  const push = open('Small', 'git-receive-pack');
  push.write(pushBody([{ ref: 'refs/heads/x', from: null, to: head }], Buffer.from('PACK')));
  const closed = new Promise((resolve) => push.once('close', resolve));
  const piece = Buffer.alloc(MIB);
  let sent = 0;
  while (!push.destroyed && sent < 200) {
    sent += 1;
    if (!push.write(piece))
      await Promise.race([new Promise((resolve) => push.once('drain', resolve)), closed]);
  }
  await closed;
  t.ok(sent < 64, `after ${sent} MiB`);
});
