/** A server that runs out of space or of files says so, leaves nothing behind, and works again when there is room. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { connectionLimit, openFileLimit } from '../../registry/open-files.ts';
import { serve } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { git, gitResult } from '../helpers/git.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement } from '../helpers/registry.ts';
import { fill } from '../helpers/small-disk.ts';

t.setTimeout(240_000);
const ADMIN_PASSWORD = 'open-sesame-1';

/** Starts a server after a shell command, and signs its administrator in. */
async function started(t: Test, settings: Record<string, string>, after: string) {
  const server = await serve({ ...settings, ADMIN_PASSWORD }, { first: true, after });
  t.teardown(async () => {
    if (!t.passing()) t.comment(server.output());
    server.signal('SIGKILL');
    await server.ended;
  });
  const { url } = server;
  const { token } = await createClient({ url }).login('admin', ADMIN_PASSWORD);
  const client = createClient({ url, token });
  const lab = await client.labs.create({ name: 'Nano Optics', code: 'nano' });
  const { id } = await client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
    lab_id: lab.id,
  });
  const access = await client.tokens.create({ name: 'git', scope: 'write' });
  const address = `${url.replace('//', `//x:${access.token}@`)}/definitions/Meter.git`;
  const save = (value: number) =>
    client.definitions.change(id, { source_code: measurement('Meter', value) });
  return { server, url, address, save };
}

const run = promisify(execFile);
const mayMount = await run('unshare', ['-Urm', 'true']).then(
  () => true,
  () => false,
);
const skip = mayMount ? false : 'this machine does not permit mounts in a namespace';

t.test('a full disk is named, and the next save after it succeeds', { skip }, async (t) => {
  const folder = t.testdir({ var: {} });
  const DATA_DIR = join(folder, 'var');
  const { databaseUrl } = await freshDatabase(true);
  const { server, url, address, save } = await started(
    t,
    { DATA_DIR, DATABASE_URL: databaseUrl },
    `mount -t tmpfs -o size=16m,mode=700 none "${DATA_DIR}"`,
  );
  const clone = join(folder, 'clone');
  await git(['clone', '-q', address, clone]);
  // The mount exists only for the server and its children.
  const inside = `/proc/${server.pid}/root${DATA_DIR}`;
  const files = async () => (await readdir(inside, { recursive: true })).sort();
  const before = await files();
  await fill(join(inside, 'fill'));

  t.match(await problemOf(save(2)), {
    status: 507,
    code: 'storage_full',
    detail: /disk .* is full/,
  });
  const ready = await fetch(`${url}/readyz`);
  t.equal(ready.status, 503);
  t.match(await ready.json(), { code: 'unavailable', detail: /disk of the repositories is full/ });
  await writeFile(join(clone, 'Meter.py'), measurement('Meter', 3));
  await git(['commit', '-qam', 'Measure more'], { cwd: clone });
  const push = await gitResult(['push'], { cwd: clone });
  t.not(push.code, 0);
  t.match(push.stderr, /disk of the repositories is full|507/, 'git shows the reason');
  t.equal((await fetch(`${url}/healthz`)).status, 200);

  await rm(join(inside, 'fill'));
  const left = (await files()).filter(
    (name) => !before.includes(name) && /tmp_|\.next$|trial/.test(name),
  );
  t.same(left, [], 'no temporary file is left');
  t.equal((await fetch(`${url}/readyz`)).status, 200);
  t.match(await save(2), { version: 2 });
});

const FILES = { PGlite: 240, PostgreSQL: 128 };

for (const kind of ['PGlite', 'PostgreSQL'] as const) {
  const limit = connectionLimit(FILES[kind], kind === 'PGlite');
  t.test(
    `idle connections do not starve a server with few files (${kind})`,
    { skip },
    async (t) => {
      const folder = t.testdir({ var: {} });
      const settings: Record<string, string> = { DATA_DIR: join(folder, 'var') };
      if (kind === 'PGlite') await putDatabase(join(folder, 'var'));
      else settings.DATABASE_URL = (await freshDatabase(true)).databaseUrl;
      const { url, address, save } = await started(t, settings, `ulimit -n ${FILES[kind]}`);
      const { port } = new URL(url);
      const sockets: Socket[] = [];
      t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
      for (let n = 0; n < 120; n++) {
        const socket = createConnection(Number(port), '127.0.0.1').on('error', () => undefined);
        sockets.push(socket);
        await once(socket, 'connect');
      }
      t.equal((await fetch(`${url}/readyz`)).status, 200);
      t.match(await save(2), { version: 2 });
      await mkdir(join(folder, 'work'));
      await git(['clone', '-q', address, join(folder, 'work', 'clone')]);

      // Streams are never idle, so the last connections are refused with a reason.
      const streams: Socket[] = [];
      t.teardown(() => streams.forEach((socket) => void socket.destroy()));
      const answers: Promise<string>[] = [];
      const request = `GET /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${new URL(address).password}\r\n\r\n`;
      for (let n = 0; n < limit + 1; n++) {
        const socket = createConnection(Number(port), '127.0.0.1').on('error', () => undefined);
        streams.push(socket);
        socket.write(request);
        const answer = once(socket, 'data').then(([data]) => String(data));
        answers.push(answer);
        await answer;
      }
      const statuses = (await Promise.all(answers)).map((answer) => answer.slice(9, 12));
      t.equal(statuses.at(-1), '503');
      t.match(await answers.at(-1), /retry-after: 5.*"code":"unavailable"/s);
      t.equal(statuses.filter((status) => status === '200').length, limit);
    },
  );
}

t.test('the limit on connections leaves files for the rest of the server', async (t) => {
  t.equal(connectionLimit(128, false), 48);
  t.equal(connectionLimit(1024, false), 768);
  t.equal(connectionLimit(1024, true), 768);
  t.equal(connectionLimit(64, false), 16, 'never none');
  t.equal(connectionLimit(undefined, true), Number.POSITIVE_INFINITY);
  t.ok((openFileLimit() ?? 0) > 0);
});
