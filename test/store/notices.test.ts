/** Notices between processes arrive again after their connection was lost, and the listener learns that some may be lost. */
import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { notify } from '../../registry/store/notices.ts';
import { openStore } from '../../registry/store/open.ts';
import { freshDatabase } from '../helpers/databases.ts';

t.test('a listener hears again after its connection was lost', async (t) => {
  const options = await freshDatabase();
  const [store, other] = [await openStore(options), await openStore(options)];
  t.teardown(() => Promise.all([store.close(), other.close()]));
  const heard = new EventEmitter();
  const next = async (channel: string) => (await once(heard, channel))[0] as string;
  const stop = await store.listen('one', (text) => heard.emit('one', text));
  await store.listen('two', (text) => heard.emit('two', text));
  const listening = () =>
    other
      .em()
      .execute<{ pid: number }[]>(
        `select pid from pg_stat_activity where datname = current_database() and query like 'listen %'`,
      );
  t.equal((await listening()).length, 1, 'all channels share a connection');
  let arrives = next('two');
  await notify(other.em(), 'two', 'hello');
  t.equal(await arrives, 'hello');
  const both = Promise.all([next('one'), next('two')]);
  await other.em().execute('select pg_terminate_backend(?)', [(await listening())[0]?.pid]);
  t.same(await both, ['', '']);
  await stop();
  heard.on('one', (text) => t.fail(`heard ${text} after it has stopped listening`));
  arrives = next('two');
  await notify(other.em(), 'one', 'again');
  await notify(other.em(), 'two', 'again');
  t.equal(await arrives, 'again');
});

t.test(
  'a listener hears nothing after the store was closed while it had no connection',
  async (t) => {
    const options = await freshDatabase();
    const [store, other] = [await openStore(options), await openStore(options)];
    t.teardown(() => other.close());
    const heard: string[] = [];
    await store.listen('one', (text) => heard.push(text));
    const pool = (await store.orm.em.getConnection().getNativeClient()) as EventEmitter;
    const lost = once(pool, 'release');
    await other.em().execute(
      `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen %'`,
    );
    await lost;
    await store.close();
    await nextTurn();
    t.same(heard, []);
  },
);
