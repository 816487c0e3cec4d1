/** A PostgreSQL server that no longer answers delays a query by seconds, and a query that takes long is not disturbed. */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { openStore, type Store } from '../../registry/store/open.ts';
import { freshDatabase, onEachDatabase } from '../helpers/databases.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';

const unavailable = { code: 'database_unavailable' } as unknown as Error;

/** A proxy to the database. `change` may change what the server sends. */
async function startProxy(t: Test, databaseUrl: string, change?: (bytes: Buffer) => Buffer) {
  const url = new URL(databaseUrl);
  const proxy = await startTcpProxy(Number(url.port), change);
  t.teardown(() => proxy.close());
  url.port = String(proxy.port);
  return { ...proxy, url: url.href };
}

async function storeAt(t: Test, databaseUrl: string): Promise<Store> {
  const store = await openStore({ databaseUrl });
  t.teardown(() => store.close());
  await store.em().execute('select 1');
  return store;
}

const sleep = (store: Store, seconds: number) =>
  store.em().execute<{ slept: string }[]>('select pg_sleep(?)::text as slept', [seconds]);

const secondsOf = async (work: Promise<unknown>) => {
  const begun = performance.now();
  await work;
  return (performance.now() - begun) / 1000;
};

onEachDatabase(
  t,
  'a connection that is lost in a transaction leaves the pool',
  async (t, store) => {
    let stream: Socket | undefined;
    const pool = (await store.orm.em.getConnection().getNativeClient()) as EventEmitter;
    pool.on('acquire', ({ connection }) => {
      ({ stream } = connection);
    });
    // The pool has ten connections.
    for (let i = 0; i < 12; i++) {
      const work = store.transaction(async (em) => {
        await em.execute('select 1');
        stream?.destroy();
        return await em.execute('select 1');
      });
      await t.rejects(work, unavailable);
    }
    t.same(await store.transaction((em) => em.execute('select 1 as one')), [{ one: 1 }]);
  },
);

// The subtests wait for the same seconds.
t.test('dead connections', { jobs: 4 }, async (t) => {
  const { databaseUrl } = await freshDatabase();

  t.test('after a failover, a query on an old connection fails, and a new one works', async (t) => {
    const proxy = await startProxy(t, databaseUrl);
    const store = await storeAt(t, proxy.url);
    proxy.freeze();
    const took = await secondsOf(t.rejects(store.em().execute('select 1'), unavailable));
    t.comment(`failed after ${took} s`);
    t.same(await store.em().execute('select 1 as one'), [{ one: 1 }]);
  });

  t.test('a transaction on a server that hangs fails', async (t) => {
    const proxy = await startProxy(t, databaseUrl);
    const store = await storeAt(t, proxy.url);
    const work = store.transaction(async (em) => {
      proxy.hang();
      return await em.execute('select 1');
    });
    const took = await secondsOf(t.rejects(work, unavailable));
    t.comment(`failed after ${took} s`);
  });

  t.test('a long query is not disturbed', async (t) => {
    const store = await storeAt(t, databaseUrl);
    t.same(await sleep(store, 14), [{ slept: '' }]);
  });

  t.test('a long query through a pooler is not disturbed', async (t) => {
    const proxy = await startProxy(t, databaseUrl, (bytes) => {
      // The message BackendKeyData tells the client the number of its session.
      const at = bytes.indexOf(Buffer.from([...Buffer.from('K'), 0, 0, 0, 12]));
      if (at >= 0) bytes.writeInt32BE(1, at + 5);
      return bytes;
    });
    const store = await storeAt(t, proxy.url);
    t.same(await sleep(store, 14), [{ slept: '' }]);
  });
});
