/**
 * Several processes serve one registry. One of them fails, is stopped, or is killed while it lands versions. The others
 * go on within seconds, and the stopped process changes nothing after it has woken up (docs/reliability.md).
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';
import { openStore, type Store } from '../../registry/store/open.ts';
import { registry, type Server, serve } from '../helpers/command.ts';
import { startPostgres } from '../helpers/postgres-server.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(400_000);
const PASSWORD = 'a good password';

const postgres = await startPostgres();
t.teardown(() => postgres.close());

interface Peers {
  settings: Record<string, string>;
  servers: Server[];
  clients: RegistryClient[];
  store: Store;
  journal: () => Promise<string[]>;
}

let count = 0;

/** Starts processes at the same time on an empty database. */
async function startPeers(t: Test, size: number): Promise<Peers> {
  const administrator = await openStore({ databaseUrl: postgres.url('postgres') });
  const name = `peers_${++count}`;
  await administrator.em().execute(`create database ${name}`);
  await administrator.close();
  const databaseUrl = postgres.url(name);
  const DATA_DIR = t.testdir();
  const settings = {
    DATA_DIR,
    DATABASE_URL: databaseUrl,
    ADMIN_PASSWORD: PASSWORD,
    LOG_LEVEL: 'warn',
  };
  const servers = await Promise.all(Array.from({ length: size }, () => serve(settings)));
  t.teardown(() => {
    for (const { signal } of servers) signal('SIGKILL');
  });
  const store = await openStore({ databaseUrl });
  t.teardown(() => store.close());
  const [first] = servers as [Server];
  const { token } = await createClient({ url: first.url }).login('admin', PASSWORD);
  const clients = servers.map(({ url }) => createClient({ url, token }));
  return { settings, servers, clients, store, journal: () => readdir(join(DATA_DIR, 'journal')) };
}

/** Asks every 50 ms, because neither a file system of another process nor its database sends an event for every change. */
async function until<T>(ask: () => Promise<T>, isDone: (answer: T) => boolean): Promise<number> {
  const start = performance.now();
  while (!isDone(await ask())) await after(50);
  return (performance.now() - start) / 1000;
}

const entries = (names: string[]) => names.filter((name) => /^[^~]+~[^~]+$/.test(name));

t.test(
  'an index that cannot be updated follows git as soon as it can, and delays nobody',
  async (t) => {
    const { settings, clients, store, journal } = await startPeers(t, 2);
    const [{ definitions }, beside] = clients as [RegistryClient, RegistryClient];
    const { id } = await definitions.create({ name: 'Stuck', source_code: measurement('Stuck') });
    const other = await definitions.create({ name: 'Other', source_code: measurement('Other') });
    await store.em().execute(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$;
    create trigger refuse before insert on versions for each row when (new.definition_id = ${id})
      execute function refuse()`);
    await t.rejects(definitions.change(id, { source_code: measurement('Stuck', 2) }), {
      status: 500,
    } as unknown as Error);
    t.match(entries(await journal()), [/^Stuck~/]);
    const start = performance.now();
    for (const [i, client] of clients.entries())
      await client.definitions.change(other.id, { source_code: measurement('Other', 2 + i) });
    const backup = await registry(
      ['backup', join(settings.DATA_DIR as string, 'a.backup')],
      settings,
    );
    t.match(backup, { code: 1, stderr: /Stuck/ }, 'the backup names the definition');
    const seconds = (performance.now() - start) / 1000;
    t.comment(`two saves and a backup took ${seconds} s`);
    t.ok(seconds < 30, 'none of them waited until the limit for running changes');
    await store.em().execute('drop trigger refuse on versions');
    const took = await until(
      () => beside.definitions.read(id),
      ({ version }) => version === 2,
    );
    t.comment(`repaired after ${took} s`);
    await until(journal, (names) => entries(names).length === 0);
    t.match(await registry(['fsck'], settings), { code: 0, stdout: / 0 problems/ });
  },
);

t.test(
  'a process that is killed between git and the database is repaired by the others',
  async (t) => {
    const { clients, servers, store, journal } = await startPeers(t, 2);
    const [{ definitions }, beside] = clients as [RegistryClient, RegistryClient];
    const { id } = await definitions.create({ name: 'Cut', source_code: measurement('Cut') });
    // The update of the index waits for this lock (7001: registry/store/indexing.ts).
    const saving = await store.transaction(async (em) => {
      await em.execute('select pg_advisory_xact_lock(7001, ?)', [id]);
      const saving = definitions.change(id, { source_code: measurement('Cut', 2) });
      saving.catch(() => undefined);
      await until(
        () =>
          em.execute<unknown[]>(`select from pg_locks where locktype = 'advisory' and not granted`),
        (waiting) => waiting.length > 0,
      );
      servers[0]?.signal('SIGKILL');
      await servers[0]?.ended;
      return { result: saving };
    });
    await t.rejects(saving.result);
    const took = await until(
      () => beside.definitions.read(id),
      ({ version }) => version === 2,
    );
    t.comment(`repaired after ${took} s`);
    t.ok(took < 20);
    await until(journal, (names) => entries(names).length === 0);
  },
);

t.test('what processes of another host left is repaired and does not lock for ever', async (t) => {
  const { settings, clients, journal } = await startPeers(t, 1);
  const [{ definitions }] = clients as [RegistryClient];
  const { id } = await definitions.create({ name: 'Moved', source_code: measurement('Moved') });
  const data = settings.DATA_DIR as string;
  const lease = `${'0123456789abcdef'}-1`;
  await writeFile(
    join(data, 'leases', lease),
    'boot-of-another-machine/pid:[1] 1 1 000000000001\n',
  );
  await mkdir(join(data, 'repos', '.workshop', lease, 'push-left'), { recursive: true });
  await writeFile(join(data, 'journal', `Moved~${lease}`), '');
  await writeFile(join(data, 'journal', 'Moved~1.1.old-host'), '');
  await symlink('1.1.old-host', join(data, 'repos', 'Moved.git', 'packed-refs.lock'));
  await mkdir(join(data, 'journal', 'hold.lock'));
  await writeFile(join(data, 'journal', 'hold.lock', `${lease}~1`), '');
  await mkdir(join(data, 'journal', 'Moved.maintain.lock'));
  await writeFile(join(data, 'journal', 'Moved.maintain.lock', `${lease}~1`), '');
  await mkdir(join(data, 'keys', `signing-keys.lock~${lease}~1`));
  const unfinished = join(data, 'repos', 'Moved.git', 'objects', 'pack', 'tmp_pack_1');
  await writeFile(unfinished, '');
  const start = performance.now();
  t.match(await definitions.change(id, { source_code: measurement('Moved', 2) }), { version: 2 });
  t.comment(`saved after ${(performance.now() - start) / 1000} s`);
  await until(journal, (names) => entries(names).length === 0);
  await until(
    () => readdir(join(data, 'repos', '.workshop')),
    (names) => !names.includes(lease),
  );
  const kept = async () => [...(await journal()), ...(await readdir(join(data, 'keys')))];
  await until(kept, (names) => !names.some((name) => name.includes('.lock')));
  t.notOk(existsSync(unfinished));
  t.match(await registry(['backup', join(data, 'b.backup')], settings), { code: 0 });
});

t.test(
  'the others go on while a process is stopped, and it changes nothing afterwards',
  async (t) => {
    const { settings, clients, servers, journal } = await startPeers(t, 3);
    const names = ['One', 'Two', 'Three', 'Four', 'Five'];
    const [stopping] = servers as [Server];
    const [frozen, ...others] = clients as [RegistryClient, RegistryClient, RegistryClient];
    const ids: number[] = [];
    const acknowledged = new Map<number, Set<number>>();
    for (const name of names) {
      const { id } = await frozen.definitions.create({ name, source_code: measurement(name) });
      ids.push(id);
      acknowledged.set(id, new Set([1]));
    }
    let values = 10;
    const save = async (client: RegistryClient, i: number) => {
      const [id, name] = [ids[i] as number, names[i] as string];
      const source_code = measurement(name, ++values);
      const { version, ...answer } = await client.definitions.change(id, { source_code });
      const known = acknowledged.get(id) as Set<number>;
      t.notOk(known.has(version as number), `${name}: no other save was answered with v${version}`);
      t.equal(answer.source_code, source_code, 'the answer has the content of its own version');
      known.add(version as number);
    };
    for (let round = 0; round < 3; round++) {
      const cut = new AbortController();
      const busy = names.map(async (_, i) => {
        while (!cut.signal.aborted) await save(frozen, i).catch(onlyRefused(t));
      });
      // The process must stop at a different moment in each round, so the test waits for a time and not for an event.
      await after(200 + Math.random() * 300);
      stopping.signal('SIGSTOP');
      cut.abort();
      const start = performance.now();
      await Promise.all(
        names.map(async (_, i) => {
          for (const client of others) await untilSaved(t, () => save(client, i));
        }),
      );
      const took = (performance.now() - start) / 1000;
      t.comment(`ten saves by the others took ${took} s`);
      t.ok(took < 30);
      stopping.signal('SIGCONT');
      await Promise.all(busy);
    }
    await until(journal, (names) => entries(names).length === 0);
    t.match(await registry(['fsck'], settings), { code: 0, stdout: / 0 problems/ });
    for (const id of ids) {
      const { items } = await others[0].definitions.versions(id, { per_page: 200 });
      const landed = new Set(items.map(({ version }) => version));
      t.same(
        [...(acknowledged.get(id) as Set<number>)].filter((version) => !landed.has(version)),
        [],
      );
    }
    await untilSaved(t, () => save(frozen, 0));
    // Every error of the test must be an expected one.
    t.notMatch(stopping.output(), /"level":50/);
  },
);

/** A refusal must ask to try again, or say that another change came first. */
const onlyRefused = (t: Test) => (error: { status?: number; message: string }) => {
  if (error.status !== 503 && error.status !== 409) t.fail(`${error.status} ${error.message}`);
};

async function untilSaved(t: Test, save: () => Promise<void>): Promise<void> {
  for (let attempt = 1; attempt <= 20; attempt++) {
    try {
      return await save();
    } catch (error) {
      onlyRefused(t)(error as Error);
    }
  }
  t.fail('no attempt succeeded');
}

t.test('a database server that hangs delays no request for longer than 30 seconds', async (t) => {
  const { servers, clients, store } = await startPeers(t, 1);
  const [{ url }] = servers as [Server];
  const [{ definitions }] = clients as [RegistryClient];
  const { id } = await definitions.create({ name: 'Hung', source_code: measurement('Hung') });
  t.equal((await fetch(`${url}/readyz`)).status, 200);
  const rows = await store
    .em()
    .execute<{ pid: number }[]>(
      `select pid from pg_stat_activity where backend_type = 'client backend'`,
    );
  const pids = rows.map(({ pid }) => pid);
  const [, parent] =
    (await readFile(`/proc/${pids[0]}/stat`, 'latin1')).split(') ')[1]?.split(' ') ?? [];
  const all = [Number(parent), ...pids];
  for (const pid of all) process.kill(pid, 'SIGSTOP');
  try {
    const start = performance.now();
    const answers = await Promise.all([1, 2, 3].map(() => fetch(`${url}/readyz`)));
    t.ok(performance.now() - start < 5000);
    t.same(
      answers.map(({ status }) => status),
      [503, 503, 503],
    );
    // More than the pool has connections.
    const hung: Promise<unknown>[] = [
      ...Array.from({ length: 12 }, () => definitions.list()),
      definitions.change(id, { source_code: measurement('Hung', 2) }),
      createClient({ url }).login('admin', PASSWORD),
    ];
    const ends = hung.map(async (work) => {
      await t.rejects(work, { problem: { status: 503, code: 'unavailable' } } as unknown as Error);
      return (performance.now() - start) / 1000;
    });
    const slowest = Math.max(...(await Promise.all(ends)));
    t.comment(`the slowest request took ${slowest} s`);
    t.ok(slowest < 30);
  } finally {
    for (const pid of all) process.kill(pid, 'SIGCONT');
  }
  await until(
    () => fetch(`${url}/readyz`),
    ({ status }) => status === 200,
  );
  const { version } = await definitions.change(id, { source_code: measurement('Hung', 3) });
  t.match(await definitions.read(id), { version });
});
