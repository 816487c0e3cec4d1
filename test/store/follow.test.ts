/** Processes that cache what they have read. A change waits for the processes that cache, but not for others. */
import t, { type Test } from 'tap';
import { appendAudit } from '../../registry/store/audit.ts';
import { type Apply, Follower, followersReach } from '../../registry/store/follow.ts';
import type { Listen, Wake } from '../../registry/store/notices.ts';
import { openStore, type Store, type StoreOptions } from '../../registry/store/open.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { migrate, startPostgres } from '../helpers/postgres-server.ts';

const append = (store: Store) =>
  store.transaction((em) =>
    appendAudit(em, {
      actor_id: null,
      actor: 'test',
      action: 'user.changed',
      subject_type: 'user',
      subject_id: 1,
      subject: 'ada',
      lab_id: null,
      address: null,
      token_name: null,
    }),
  );

/** Two stores on one database, as two processes would have. */
async function twoStores(t: Test, given?: StoreOptions): Promise<{ store: Store; other: Store }> {
  const options = given ?? (await freshDatabase());
  const [store, other] = [await openStore(options), await openStore(options)];
  t.teardown(async () => {
    await store.close();
    await other.close();
  });
  return { store, other };
}

/** A follower that receives no notices, as over a connection that has died unnoticed. */
const startDeaf = (
  { em }: Store,
  applied: Parameters<Apply>[0][],
  onError: (error: unknown) => void,
): Promise<Follower> =>
  Follower.start({ em, listen: async () => async () => {}, onError }, (entries) =>
    applied.push(entries),
  );

t.test('a follower that hears nothing applies a change when it renews its lease', async (t) => {
  const { store, other } = await twoStores(t);
  const applied: Parameters<Apply>[0][] = [];
  const deaf = await startDeaf(other, applied, (error) => t.error(error));
  t.teardown(() => deaf.close());
  await append(store);
  t.match(applied, ['everything', [{ subject: 'ada' }]], 'before the change was answered');
  t.ok(deaf.isCurrent);
});

t.test('after a lost connection a follower keeps nothing that it had read', async (t) => {
  const { store } = await twoStores(t);
  const applied: Parameters<Apply>[0][] = [];
  let wake: Wake = () => {};
  const { em } = store;
  const listen: Listen = async (_channel, heard) => {
    wake = heard;
    return async () => {};
  };
  const onError = (error: unknown) => t.error(error);
  const follower = await Follower.start({ em, listen, onError }, (entries) =>
    applied.push(entries),
  );
  t.teardown(() => follower.close());
  applied.length = 0;
  // A change by plain SQL sends a notice and adds no audit entry.
  wake('');
  t.same(applied, ['everything']);
});

t.test('a follower that cannot apply the changes ends its lease', async (t) => {
  const { store, other } = await twoStores(t);
  const errors: unknown[] = [];
  const applied: Parameters<Apply>[0][] = [];
  const apply: Apply = (entries) => {
    applied.push(entries);
    if (entries !== 'everything') throw new Error('cannot apply');
  };
  const follower = await other.follow(apply, (error) => errors.push(error));
  t.teardown(() => follower.close());
  await append(store);
  t.match(errors, [new Error('cannot apply')]);
  t.ok(!follower.isCurrent || applied.at(-1) === 'everything', 'no cached data is used');
});

t.test('a follower whose process has ended delays only one change', async (t) => {
  const { store, other } = await twoStores(t);
  const rows = () => store.em().execute('select id from followers');
  await other.em().execute('insert into followers (reached, renewed) values (0, 7)');
  await append(store);
  t.same(await rows(), [], 'the first change deletes its row');
  await append(store);
});

t.test('a change right after a crash of the database waits for the followers', async (t) => {
  // Otherwise the crash could lose the change itself.
  const server = await startPostgres({ durable: true });
  t.teardown(() => server.close());
  const options = { databaseUrl: server.url('postgres') };
  await migrate(options);
  const { store, other } = await twoStores(t, options);
  const applied: Parameters<Apply>[0][] = [];
  const deaf = await startDeaf(other, applied, () => undefined);
  t.teardown(() => deaf.close());
  const sessions = () =>
    store.em().execute<{ pid: number; own: boolean }[]>(
      `select pid, pid = pg_backend_pid() as own from pg_stat_activity
          where backend_type = 'client backend'`,
    );
  const before = await sessions();
  applied.length = 0;
  process.kill(before.find(({ own }) => own)?.pid as number, 'SIGKILL');
  // PostgreSQL ends every connection and recovers. Until then, it still accepts connections for a moment.
  const hasRecovered = async () => {
    const now = await sessions().catch(() => before);
    return !now.some(({ pid }) => before.some((one) => one.pid === pid));
  };
  while (!(await hasRecovered()));
  await append(store);
  t.ok(!deaf.isCurrent || applied.length > 0, 'no data cached before the crash is used');
});

t.test('a committed change is answered even if the followers cannot be queried', async (t) => {
  const { store, other } = await twoStores(t);
  const follower = await other.follow(
    () => {},
    (error) => t.error(error),
  );
  t.teardown(() => follower.close());
  const em = store.em();
  em.execute = async () => {
    throw new Error('the connection is lost');
  };
  const begun = performance.now();
  await followersReach(em, 1, []);
  t.ok(performance.now() - begun > 2900, 'it waited until the lease ended');
});
