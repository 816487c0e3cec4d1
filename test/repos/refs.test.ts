/** Refs that are cached in memory include every change made before the request for them. */

import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { openLeases } from '../../repos/leases.ts';
import { RefStore } from '../../repos/refs.ts';

const folder = t.testdir();
const leases = await openLeases(join(folder, 'leases'), join(folder, 'workshops'));
t.teardown(() => leases.close());
const deps = { leases, verify() {} };

const oid = (digit: string) => digit.repeat(40);

t.test(
  'a read does not share an earlier read that began before another process made a change',
  async (t) => {
    const path = t.testdir({ 'packed-refs': '', refs: { heads: {} } });
    await writeFile(join(path, 'refs', 'heads', 'loose'), oid('a'));
    let isReading = () => {};
    const reading = new Promise<void>((resolve) => {
      isReading = resolve;
    });
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    // A loose ref is peeled only after `packed-refs` has been read.
    const slow = new RefStore(path, {
      ...deps,
      async peel() {
        isReading();
        await gate;
        return undefined;
      },
    });
    const other = new RefStore(path, { ...deps, peel: async () => undefined });
    const begun = slow.read();
    await reading;
    await other.update([{ ref: 'refs/heads/main', from: null, to: oid('b') }]);
    const later = slow.read();
    goOn();
    t.notOk((await begun).has('refs/heads/main'), 'the first read began before the change');
    t.match((await later).get('refs/heads/main'), { oid: oid('b') });
  },
);

/** libuv polls again in the same turn of the event loop if a poll found this many connections. */
const POLLED_AT_ONCE = 1024;

t.test('a change is seen by a request that arrives within a turn of the event loop', async (t) => {
  const path = t.testdir({ 'packed-refs': '', refs: { heads: {} } });
  const store = new RefStore(path, { ...deps, peel: async () => undefined });
  await store.update([{ ref: 'refs/heads/main', from: null, to: oid('a') }]);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted: Socket[] = [];
  server.on('connection', (socket) => accepted.push(socket));
  const clients: Socket[] = [];
  for (let i = 0; i <= POLLED_AT_ONCE; i++) {
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    clients.push(client);
  }
  while (accepted.length < clients.length) await once(server, 'connection');
  t.teardown(() => {
    for (const socket of [...clients, ...accepted]) socket.destroy();
    server.close();
  });
  const [last, ...others] = clients as [Socket, ...Socket[]];
  let isFirst = true;
  let turns = 0;
  const answers: unknown[] = [];
  for (const socket of accepted) {
    socket.on('data', (data) => {
      const refs = store.inMemory();
      if (data.toString() === 'last') {
        answers.push(refs?.get('refs/heads/main')?.oid, turns);
        return;
      }
      if (!isFirst) return;
      isFirst = false;
      setImmediate(() => {
        turns += 1;
      });
      t.match(refs?.get('refs/heads/main'), { oid: oid('a') });
      // Another process lands a version. The client of that process then asks this process.
      const next = join(path, 'next');
      writeFileSync(next, `${oid('b')} refs/heads/main\n`);
      renameSync(next, join(path, 'packed-refs'));
      last.write('last');
    });
  }
  for (const client of others) client.write('x');
  while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  t.same(answers, [undefined, 0], 'in the same turn, after checking the file again');
});
