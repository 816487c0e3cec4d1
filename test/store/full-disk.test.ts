/** The embedded database ends when it cannot write its log. It is opened again when there is space, without a restart. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { lastWords } from '../../registry/store/embedded/last-words.ts';
import { notify } from '../../registry/store/notices.ts';
import { openStore } from '../../registry/store/open.ts';
import { copyKept } from '../helpers/embedded-folders.ts';
import { mountSmallDisk, noSmallDisk } from '../helpers/small-disk.ts';

t.setTimeout(120_000);

const skip = noSmallDisk;

t.test('a full disk does not end the embedded database for ever', { skip }, async (t) => {
  const disk = await mountSmallDisk(t.testdir(), 64);
  const folder = join(disk.path, 'postgres');
  await copyKept(folder, true);
  const store = await openStore({ folder });
  t.teardown(async () => {
    await store.close();
    await disk.close();
  });
  const heard: string[] = [];
  await store.listen('news', (text) => heard.push(text));
  await disk.fill();
  // Fills the log, and nothing else.
  const write = () =>
    store.em().execute(`select pg_logical_emit_message(true, 'x', repeat('y', 4000000))`);
  const filling = (async () => {
    for (;;) await write();
  })();
  await t.rejects(filling, { code: 'database_unavailable', message: /No space left on device/ });
  await t.rejects(store.em().execute('select 1'), { code: 'database_unavailable' });
  let refusal = new Error();
  while (!/cannot be opened/.test(refusal.message)) {
    await pause(100);
    refusal = (await store.ping().catch((error) => error)) as Error;
  }
  t.match(refusal, { message: /because its disk is full/, cause: { code: '53100' } });

  await disk.empty();
  t.same(heard, []);
  while (
    !(await store
      .ping()
      .then(() => true)
      .catch(() => false))
  )
    await pause(100);
  t.same(heard, [''], 'a listener learns that notices may be lost');
  await notify(store.em(), 'news', 'hello');
  t.same(heard, ['', 'hello'], 'and hears again');
  await write();
});

t.test('the last words of a database', async (t) => {
  const message = (type: string, text: string) => {
    const body = Buffer.from(`${text}\0`);
    const length = Buffer.alloc(4);
    length.writeInt32BE(4 + body.length);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const fields = (severity: string) => `S${severity}\0V${severity}\0C53100\0Mno space\0`;
  const error = (severity: string) => message('E', fields(severity));
  const row = message('D', fields('PANIC'));
  const isReady = message('Z', '');
  t.equal(lastWords(Buffer.concat([row, error('ERROR'), isReady])), undefined);
  for (const severity of ['PANIC', 'FATAL'])
    t.same(lastWords(Buffer.concat([row, error(severity)])), {
      code: '53100',
      message: 'no space',
    });
  t.equal(lastWords(new Uint8Array()), undefined);
});
