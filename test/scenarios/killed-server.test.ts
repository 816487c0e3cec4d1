/**
 * A server is killed while it lands versions. Every version that the server acknowledged is there, and git and the
 * database agree.
 */
import { setTimeout as after } from 'node:timers/promises';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { registry, serve } from '../helpers/command.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);
const settings = { DATA_DIR: t.testdir(), ADMIN_PASSWORD: 'a good password' };
const ROUNDS = 3;

async function signedIn(url: string) {
  const { token } = await createClient({ url }).login('admin', settings.ADMIN_PASSWORD);
  return createClient({ url, token });
}

t.test(
  'kill -9 during saves loses no acknowledged save and leaves no landing half done',
  async (t) => {
    await putDatabase(settings.DATA_DIR);
    const names = ['Left', 'Right'];
    const acknowledged = new Map(names.map((name) => [name, 0]));
    for (let round = 0; round < ROUNDS; round++) {
      const server = await serve(settings, { first: round === 0 });
      t.teardown(() => server.signal('SIGKILL'));
      const client = await signedIn(server.url);
      const ids: number[] = [];
      for (const name of names) {
        const made =
          round === 0
            ? await client.definitions.create({ name, source_code: measurement(name) })
            : await client.definitions.byName(name);
        const known = acknowledged.get(name) as number;
        // The save that the kill interrupted may have landed without being acknowledged.
        t.ok(
          made.version === known || made.version === known + 1 || round === 0,
          `${name} stands at ${made.version}, ${known} were acknowledged`,
        );
        acknowledged.set(name, made.version as number);
        ids.push(made.id);
      }
      const saving = names.map(async (name, i) => {
        for (let n = 1; ; n++) {
          const source_code = measurement(name, 1000 * (round + 1) + n);
          const { version } = await client.definitions.change(ids[i] as number, { source_code });
          acknowledged.set(name, version as number);
        }
      });
      const cut = Promise.allSettled(saving);
      // The kill must come at a different moment in each round, so the test waits for a time and not for an event.
      await after(300 + Math.random() * 700);
      server.signal('SIGKILL');
      t.ok((await cut).every(({ status }) => status === 'rejected'));
      await server.ended;
    }
    t.match(await registry(['fsck'], settings), { code: 0, stdout: / 0 problems/ });
    const server = await serve(settings);
    t.teardown(() => server.signal('SIGKILL'));
    const client = await signedIn(server.url);
    for (const name of names) {
      const { id, version, head, source_code } = await client.definitions.byName(name);
      const { items, total } = await client.definitions.versions(id);
      t.equal(total, version);
      t.match(items[0], { version, commit: head });
      t.ok((version as number) >= (acknowledged.get(name) as number));
      t.equal((await client.definitions.version(id, version as number)).source_code, source_code);
    }
    server.signal('SIGTERM');
    t.match(await server.ended, { code: 0 });
  },
);

t.test('SIGTERM stops at once despite idle keep-alive connections', async (t) => {
  const server = await serve(settings);
  t.teardown(() => server.signal('SIGKILL'));
  const client = await signedIn(server.url);
  let answers = 0;
  // Each client asks again as soon as it is answered. Some requests are waiting when the signal arrives. Then the
  // clients stay silent.
  const asking = Array.from({ length: 8 }, async () => {
    for (;;) {
      await client.definitions.list();
      answers += 1;
    }
  });
  const cut = Promise.allSettled(asking);
  while (answers < 50) await after(5);
  const start = performance.now();
  server.signal('SIGTERM');
  t.match(await server.ended, { code: 0 });
  t.ok(performance.now() - start < 10_000, 'without waiting for clients to disconnect');
  for (const one of await cut) {
    const { reason } = one as PromiseRejectedResult;
    t.ok(reason instanceof TypeError || reason.status === 503, 'disconnected, or asked to retry');
  }
});
