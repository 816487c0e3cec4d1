import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import t from 'tap';
import { openEmbedded } from '../../registry/store/embedded/open.ts';
import { openStore } from '../../registry/store/open.ts';
import { createUser, hasUsers } from '../../registry/store/users.ts';
import { freshFolder, onEachDatabase } from '../helpers/databases.ts';

const opener = fileURLToPath(new URL('./opener.ts', import.meta.url));

/** Starts another process that opens the folder, adds a user, reports it, and runs until it is killed. */
async function openElsewhere(folder: string) {
  const child = spawn(process.execPath, [opener, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, firstLine: String(line).trim() };
}

t.test('one process opens the embedded database, and a killed one releases it', async (t) => {
  const { folder } = await freshFolder();
  const { child, firstLine } = await openElsewhere(folder);
  t.equal(firstLine, 'ready');
  await t.rejects(openStore({ folder }), { code: 'database_in_use', message: `${child.pid}` });

  child.kill('SIGKILL');
  await once(child, 'exit');
  t.match(await readFile(`${folder}.lock`, 'utf8'), `${child.pid}`, 'its lock is still there');
  const store = await openStore({ folder });
  t.ok(await hasUsers(store.em()), 'the data that it committed is there');
  await createUser(store.em(), { username: 'after' });
  await t.rejects(
    openStore({ folder }),
    { code: 'database_in_use' },
    'one process cannot open it twice',
  );
  t.equal((await openElsewhere(folder)).firstLine, 'database_in_use');
  await store.close();
  await t.rejects(readFile(`${folder}.lock`), { code: 'ENOENT' });
});

t.test('a lock of a process from an earlier boot or start is stale', async (t) => {
  const { folder } = await freshFolder();
  for (const mark of [
    `${process.ppid} some-boot/12345 x\n`,
    `${process.pid} x y\n`,
    '',
    'garbage',
  ]) {
    await writeFile(`${folder}.lock`, mark);
    const store = await openStore({ folder });
    await store.close();
  }
  t.pass();
});

t.test('of many concurrent openers one succeeds', async (t) => {
  const { folder } = await freshFolder();
  const opened = await Promise.allSettled(Array.from({ length: 5 }, () => openStore({ folder })));
  const stores = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  t.equal(stores.length, 1);
  await Promise.all(stores.map((store) => store.close()));
});

t.test(
  'a folder with a damaged database fails at the first statement and is released',
  async (t) => {
    const { folder } = await freshFolder();
    await writeFile(`${folder}/PG_VERSION`, 'none\n');
    const store = await openStore({ folder });
    await t.rejects(store.ping(), { code: 'database_damaged' });
    await t.rejects(store.migrate(), { code: 'database_damaged' }, 'a later statement fails too');
    await store.close();
    await t.rejects(readFile(`${folder}.lock`), { code: 'ENOENT' });
  },
);

t.test('an interrupted session of the embedded database leaves no transaction open', async (t) => {
  const embedded = await openEmbedded((await freshFolder()).folder);
  const cutOff = embedded.connect();
  cutOff.write(query(`begin; insert into users (username) values ('cut')`));
  await once(cutOff, 'data');
  cutOff.destroy();
  const store = await openStore({ embedded });
  t.same(await store.em().execute('select pg_current_xact_id_if_assigned() as begun'), [
    { begun: null },
  ]);
  t.notOk(await hasUsers(store.em()));
  await store.close();
});

/** PostgreSQL's Query message (manual, section 54.7). */
function query(sql: string): Buffer {
  const message = Buffer.from(`Q....${sql}\0`);
  message.writeUInt32BE(message.length - 1, 1);
  return message;
}

t.test('the thread of the embedded database releases the memory of an answer', async (t) => {
  const { folder } = await freshFolder();
  const threads: Worker[] = [];
  const add = (thread: Worker) => threads.push(thread);
  process.on('worker', add);
  t.teardown(() => process.off('worker', add));
  const store = await openStore({ folder });
  t.teardown(() => store.close());
  const MIB = 1024 * 1024;
  const inUse = async () => {
    const heap = await threads[0]?.getHeapStatistics();
    return ((heap?.used_heap_size ?? 0) + (heap?.external_memory ?? 0)) / MIB;
  };
  const answers = async (number: number) => {
    for (let i = 0; i < number; i++) {
      const rows = await store.em().execute(`select repeat('x', ${MIB}) as text`);
      t.equal(rows[0]?.text.length, MIB);
    }
  };
  await answers(2);
  const before = await inUse();
  await answers(100);
  const grown = (await inUse()) - before;
  t.ok(grown < 50, `${grown.toFixed(0)} MiB after 100 MiB of answers`);
});

t.test('an unreachable server is distinguished from a wrong setting', async (t) => {
  const store = await openStore({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/none' });
  await t.rejects(store.ping(), { code: 'database_unavailable' });
  await t.rejects(
    store.transaction(async () => 1),
    { code: 'database_unavailable' },
  );
  await t.rejects(hasUsers(store.em()), { code: 'database_unavailable' });
  await store.close();
});

await onEachDatabase(t, 'an open store answers queries', async (t, store) => {
  await store.ping();
  await t.rejects(store.em().execute('select nonsense'), { name: 'InvalidFieldNameException' });
});
