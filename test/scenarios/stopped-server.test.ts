/** A server that is told to stop ends soon. (test/crash/ kills servers.) */
import { setTimeout as after } from 'node:timers/promises';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { serve } from '../helpers/command.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';

t.setTimeout(240_000);
const settings = { DATA_DIR: t.testdir(), ADMIN_PASSWORD: 'a good password' };

async function signedIn(url: string) {
  const { token } = await createClient({ url }).login('admin', settings.ADMIN_PASSWORD);
  return createClient({ url, token });
}

t.test('SIGTERM stops at once despite idle keep-alive connections', async (t) => {
  await putDatabase(settings.DATA_DIR);
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
