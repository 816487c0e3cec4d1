/**
 * The log records for each answer who sent the request and why it failed. The entry has the id that the caller
 * received.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { type Server, serve } from '../helpers/command.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { gitResult } from '../helpers/git.ts';
import { makeMigratedDatabase, startPostgres } from '../helpers/postgres-server.ts';

t.setTimeout(120_000);

/** The lines of a request in the log. */
async function linesOf(server: Server, id: string | null): Promise<Record<string, unknown>[]> {
  t.match(id, /^[0-9a-f]{16}$/);
  await server.prints(new RegExp(`"request_id":"${id}".*"(answered|answer not sent)"`));
  const lines = server.output().split('\n');
  return lines.filter((line) => line.includes(`"${id}"`)).map((line) => JSON.parse(line));
}

t.test('each answer has one line, which says who asked and why it failed', async (t) => {
  const postgres = await startPostgres();
  let isRunning = true;
  t.teardown(() => isRunning && postgres.close());
  await makeMigratedDatabase(postgres);
  const server = await serve(
    {
      DATA_DIR: t.testdir(),
      DATABASE_URL: postgres.url('migrated'),
      ADMIN_PASSWORD: 'open-sesame-1',
    },
    { first: true },
  );
  t.teardown(() => server.signal('SIGKILL'));
  const { url } = server;
  const { token: session } = await createClient({ url }).login('admin', 'open-sesame-1');
  const { token } = await createClient({ url, token: session }).tokens.create({
    name: 'of a script',
    scope: 'write',
  });
  const ask = (path: string, bearer?: string) =>
    fetch(
      url + path,
      bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } },
    );

  const missing = await ask('/api/instrument-definitions/99?token=to-be-left-out', token);
  t.equal(missing.status, 422, 'the parameter is unknown');
  const [line, ...others] = await linesOf(server, missing.headers.get('x-request-id'));
  t.same(others, [], 'one line');
  t.match(line, {
    level: 30,
    method: 'GET',
    url: '/api/instrument-definitions/99?token=[left out]',
    status: 422,
    who: 'admin',
    token: 'of a script',
    address: '127.0.0.1',
    code: 'invalid',
    why: /token/,
  });

  for (const [path, shown] of [
    ['/api/auth/methods', '/api/auth/methods'],
    ['/api/auth/oidc/callback?code=to-be-left-out', '/api/auth/oidc/callback?[left out]'],
  ] as const) {
    const { headers } = await fetch(url + path, { redirect: 'manual' });
    const [line] = await linesOf(server, headers.get('x-request-id'));
    t.equal(line?.url, shown);
  }

  const nobody = await ask('/api/labs');
  t.match(await linesOf(server, nobody.headers.get('x-request-id')), [
    { status: 401, who: 'nobody', code: 'unauthenticated' },
  ]);
  for (const path of ['/healthz', '/%ff', '/no/such/page', '/']) {
    const { headers } = await ask(path);
    t.match(headers.get('x-request-id'), /^[0-9a-f]{16}$/, path);
  }
  t.notMatch(server.output(), /"url":"\/healthz"/, 'probes are not in the log');

  const clone = (name: string, secret: string) =>
    gitResult(['ls-remote', `${url.replace('://', `://x:${secret}@`)}/definitions/${name}.git`]);
  t.match(await clone('NoSuch', token), {
    code: 128,
    stderr: /remote: There is no such definition/,
  });
  await server.prints(
    /"url":"\/definitions\/NoSuch.git.*"status":404.*"who":"admin".*"why":"There is/,
  );

  await postgres.close();
  isRunning = false;
  t.match(
    await clone('NoSuch', 'pbr_unknown-until-now-0123456789abcdefghijklmnop'),
    { stderr: /remote: The database cannot be reached.*\n.*error: 503/ },
    'git says what is missing',
  );
  const failed = await ask('/api/labs', token);
  t.equal(failed.status, 503);
  t.match(await linesOf(server, failed.headers.get('x-request-id')), [
    { msg: 'not available' },
    { level: 40, status: 503, code: 'unavailable', why: /database cannot be reached/ },
  ]);
});

t.test('a request on a connection that a stop leaves open is answered as always', async (t) => {
  const folder = t.testdir();
  await putDatabase(folder);
  const server = await serve({ DATA_DIR: folder });
  t.teardown(() => server.signal('SIGKILL'));
  const open = async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
    });
    await once(socket, 'connect');
    return { socket, received: () => text };
  };
  const busy = await open();
  const idle = await open();
  busy.socket.write(
    'POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n',
  );
  idle.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(idle.socket, 'data');
  const idleClosed = once(idle.socket, 'close');
  server.signal('SIGTERM');
  await idleClosed;
  busy.socket.write('{}GET /api/labs HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(busy.socket, 'close');
  t.match(busy.received().match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 422', 'HTTP/1.1 401']);
  t.match(busy.received(), /"code":"unauthenticated"/);
  t.equal((await server.ended).code, 0);
});
