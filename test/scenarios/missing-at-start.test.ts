/** A data folder that lacks something is refused: nothing is made anew beside what is there. */
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { killed, registry, type Server, serve } from '../helpers/command.ts';
import { untilChanged } from '../helpers/folder-changes.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

const PASSWORD = 'a good password';
const whole = join(t.testdir(), 'whole');
const settingsOf = (DATA_DIR: string) => ({ DATA_DIR, ADMIN_PASSWORD: PASSWORD });

async function stop(server: Server): Promise<void> {
  server.signal('SIGTERM');
  await server.ended;
}

/** Everything that was acknowledged is there. */
async function isComplete(t: Test, server: Server): Promise<void> {
  const { token } = await createClient({ url: server.url }).login('admin', PASSWORD);
  const { definitions } = createClient({ url: server.url, token });
  t.match(await definitions.byName('Meter'), { version: 2 });
  t.match(await definitions.byName('SR830'), { version: 1 });
}

t.before(async () => {
  const server = await serve(settingsOf(whole), { first: true });
  const { token } = await createClient({ url: server.url }).login('admin', PASSWORD);
  const { definitions } = createClient({ url: server.url, token });
  const { id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  await definitions.change(id, { source_code: measurement('Meter', 2) });
  await stop(server);
});

/** The cases that `npm test` takes; `npm run entries` takes all. */
const casesOf = <T>(cases: Record<string, T>, sample: readonly string[]): [string, T][] =>
  Object.entries(cases).filter(([name]) => process.env.EVERY_ENTRY || sample.includes(name));

let copies = 0;

/** A copy of the whole data folder. */
async function copy(): Promise<string> {
  const folder = `${whole}-${++copies}`;
  const filter = (path: string) => !path.endsWith('.sock');
  await cp(whole, folder, { recursive: true, preserveTimestamps: true, filter });
  return folder;
}

/** The message with which a start or a command is refused. */
async function refusal(t: Test, folder: string, args = ['serve']): Promise<string> {
  const { code, stdout, stderr } = await registry(args, { ...settingsOf(folder), PORT: '0' });
  t.equal(code, 1, `${args[0]} fails`);
  t.notMatch(stdout + stderr, /\bat .*\.(ts|js):\d+/, 'without a stack trace');
  return stderr;
}

t.test('the embedded database', async (t) => {
  const damages: Record<string, (database: string) => Promise<unknown>> = {
    'without PG_VERSION': (database) => rm(join(database, 'PG_VERSION')),
    'without pg_control': (database) => rm(join(database, 'global/pg_control')),
    'without its log': async (database) => {
      await rm(join(database, 'pg_wal'), { recursive: true });
      await mkdir(join(database, 'pg_wal'));
    },
    gone: (database) => rm(database, { recursive: true }),
    emptied: async (database) => {
      await rm(database, { recursive: true });
      await mkdir(database);
    },
  };
  for (const [how, damage] of casesOf(damages, ['gone'])) {
    await t.test(how, async (t) => {
      const folder = await copy();
      const database = join(folder, 'postgres');
      await damage(database);
      const before = (await readdir(database).catch(() => [])).sort();
      for (const args of how === 'gone' ? [['serve'], ['user', 'list']] : [['serve']]) {
        const message = await refusal(t, folder, args);
        t.ok(message.includes(database), 'the folder is named');
        t.match(message, /backup.*registry reindex/, 'and a way on');
        t.notMatch(message, /DATABASE_URL/);
      }
      const after = (await readdir(database).catch(() => [])).sort();
      t.same(
        after.filter((name) => name !== 'postmaster.pid'),
        before.filter((name) => name !== 'postmaster.pid'),
        'no database was made',
      );
    });
  }

  await t.test('the way on without a backup: from the repositories', async (t) => {
    const folder = await copy();
    const database = join(folder, 'postgres');
    await rm(join(database, 'PG_VERSION'));
    await rename(database, join(folder, 'damaged'));
    t.match(await registry(['reindex'], settingsOf(folder)), { code: 0, stdout: /21 definitions/ });
    const added = await registry(
      ['user', 'add', 'ada', '--admin', '--password-stdin'],
      settingsOf(folder),
      PASSWORD,
    );
    t.match(added, { code: 0 });
    const server = await serve(settingsOf(folder));
    t.teardown(() => server.signal('SIGKILL'));
    const { token } = await createClient({ url: server.url }).login('ada', PASSWORD);
    const { definitions } = createClient({ url: server.url, token });
    t.match(await definitions.byName('Meter'), { version: 2 });
    await stop(server);
    t.match(await registry(['fsck'], settingsOf(folder)), { code: 0 });
  });
});

t.test('the keys that sign versions', async (t) => {
  const pemIn = async (keys: string) => {
    const name = (await readdir(keys)).find((file) => file.endsWith('.pem'));
    return join(keys, name as string);
  };
  const damages: Record<string, (keys: string) => Promise<unknown>> = {
    gone: (keys) => rm(keys, { recursive: true }),
    'without their list': (keys) => rm(join(keys, 'signing-keys.json')),
    'with an empty list': (keys) => writeFile(join(keys, 'signing-keys.json'), ''),
    'without the private part': async (keys) => await rm(await pemIn(keys)),
    'with an empty private part': async (keys) => await writeFile(await pemIn(keys), ''),
  };
  for (const [how, damage] of casesOf(damages, ['without the private part'])) {
    await t.test(how, async (t) => {
      const folder = await copy();
      const keys = join(folder, 'keys');
      await damage(keys);
      const message = await refusal(t, folder);
      t.match(message, /keys.*(signing-keys\.json|\.pem).*backup.*registry keys new.*enrolled/);
      if (how !== 'gone') return;
      t.match(await registry(['fsck'], settingsOf(folder)), { code: 1, stderr: /^keys: /m });
      const backup = await registry(['backup', `${folder}.zip`], settingsOf(folder));
      t.match(backup, { code: 1, stderr: /keys are not complete/ });

      t.match(await registry(['keys', 'new'], settingsOf(folder)), { code: 0, stdout: /Enrol/ });
      const server = await serve(settingsOf(folder));
      t.teardown(() => server.signal('SIGKILL'));
      await isComplete(t, server);
      await stop(server);
      t.match(await registry(['keys', 'new'], settingsOf(folder)), { code: 1, stderr: /rotate/ });
    });
  }

  await t.test('an empty session secret is refused, because anybody could guess it', async (t) => {
    const folder = await copy();
    await writeFile(join(folder, 'keys/session-secret'), '');
    t.match(await refusal(t, folder), /session-secret is empty.*delete it/i);
    await rm(join(folder, 'keys/session-secret'));
    const server = await serve(settingsOf(folder));
    t.teardown(() => server.signal('SIGKILL'));
    await isComplete(t, server);
    t.match(server.output(), /session-secret was missing/);
    await stop(server);
  });
});

t.test('a restore that was killed is finished by another, and by nothing else', async (t) => {
  const place = t.testdir();
  const file = join(place, 'backup.zip');
  t.match(await registry(['backup', file], settingsOf(whole)), { code: 0 });
  const folder = join(place, 'restored');
  const repositories = join(folder, 'repos');
  await mkdir(repositories, { recursive: true });
  const three = untilChanged(repositories, async () => {
    const names = await readdir(repositories);
    return names.filter((name) => name.endsWith('.git')).length >= 3;
  });
  t.match(await killed(['restore', file], settingsOf(folder), three), { code: null });
  for (const args of [['serve'], ['fsck']]) {
    t.match(await refusal(t, folder, args), /restore into .* did not finish.*restore FILE again/);
  }
  t.match(await registry(['restore', file], settingsOf(folder)), { code: 0 });
  const server = await serve(settingsOf(folder));
  t.teardown(() => server.signal('SIGKILL'));
  await isComplete(t, server);
  await stop(server);
});
