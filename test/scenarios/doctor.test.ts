/** `registry doctor` finds what is wrong with a machine, its settings and its data folder, and changes nothing. */
import { chmod, lstat, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { checkAddresses } from '../../registry/cli/doctor/addresses.ts';
import { loadConfig } from '../../registry/config.ts';
import { registry, serve } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { startRegistry } from '../helpers/registry.ts';

t.setTimeout(240_000);

interface Check {
  check: string;
  result: string;
  found: string;
  advice?: string;
}

/** Runs the command, and returns its exit code and what each check found. */
async function examine(settings: Record<string, string>) {
  const { code, stdout, stderr } = await registry(['doctor', '--json'], settings);
  if (stdout === '') throw new Error(stderr);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const of = (name: string) => checks.find(({ check }) => check === name);
  return { code, checks, of, problems: checks.filter(({ result }) => result === 'problem') };
}

/** Every file of a folder with its size, mode and time of change. Sockets of running servers are included. */
async function everyFile(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  const lines = files.map(async (name) => {
    const { size, mode, mtimeMs, ctimeMs } = await lstat(join(folder, name));
    return `${name} ${size} ${mode} ${mtimeMs} ${ctimeMs}`;
  });
  return (await Promise.all(lines)).sort();
}

/** The settings of a registry on each database that has been served once. */
async function stopped(t: Test, kind: 'PGlite' | 'PostgreSQL') {
  const folder = t.testdir({ var: {} });
  const DATA_DIR = join(folder, 'var');
  const settings: Record<string, string> = { DATA_DIR };
  if (kind === 'PGlite') await putDatabase(DATA_DIR);
  else settings.DATABASE_URL = (await freshDatabase(true)).databaseUrl;
  const server = await serve(settings, { first: true });
  t.teardown(() => server.signal('SIGKILL'));
  return { folder, DATA_DIR, settings, server };
}

for (const kind of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`a healthy registry has no problems, and nothing is changed (${kind})`, async (t) => {
    const { folder, DATA_DIR, settings, server } = await stopped(t, kind);
    const running = await examine(settings);
    t.same(running.problems, []);
    t.equal(running.code, 0);
    t.match(running.of('backup'), { result: 'warning', found: /no .* is known/ });
    t.match(running.of('migrations'), { result: 'ok' });
    t.match(running.of('database'), {
      result: 'ok',
      found: kind === 'PGlite' ? /embedded database is open/ : /^PostgreSQL \d+/,
    });
    if (kind === 'PostgreSQL') {
      t.match(running.of('connections'), { result: 'ok', found: /uses up to 10/ });
      t.match(running.of('clock'), { result: 'ok' });
    }
    server.signal('SIGTERM');
    await server.ended;
    const backup = await registry(['backup', join(folder, 'backup.zip')], settings);
    t.equal(backup.code, 0, backup.stderr);
    const before = await everyFile(DATA_DIR);
    const after = await examine(settings);
    t.same(await everyFile(DATA_DIR), before, 'no file is changed');
    t.same(after.problems, []);
    t.match(after.of('backup'), { result: 'ok', found: /0 minutes old/ });

    await rm(join(DATA_DIR, 'keys'), { recursive: true });
    await chmod(join(DATA_DIR, 'repos'), 0o755);
    await writeFile(join(DATA_DIR, 'journal', 'SR830~1.2.gone'), '');
    await utimes(join(DATA_DIR, 'journal', 'SR830~1.2.gone'), 1e9, 1e9);
    await utimes(join(DATA_DIR, 'last-backup'), 1e9, 1e9);
    if (kind === 'PGlite') await rm(join(DATA_DIR, 'postgres', 'global', 'pg_control'));
    const damaged = await examine(settings);
    t.equal(damaged.code, 1);
    t.match(damaged.of('keys'), { result: 'problem', found: /no keys/, advice: /Restore/ });
    t.match(damaged.of('permissions'), { result: 'warning', found: /repos/ });
    t.match(damaged.of('journal'), { result: 'warning', found: /1 change did not end: SR830/ });
    t.match(damaged.of('backup'), { result: 'warning', found: /days old/ });
    if (kind === 'PGlite') {
      t.match(damaged.of('database'), { result: 'problem', found: /lacks global\/pg_control/ });
    }
    await writeFile(join(DATA_DIR, 'restore-unfinished'), '');
    const halfRestored = await examine(settings);
    t.match(halfRestored.of('data-folder'), { result: 'problem', advice: /registry restore FILE/ });
    const { stdout } = await registry(['doctor'], settings);
    t.match(stdout, /^problem {2}keys +there are repositories, but no keys/m, 'as text');
  });
}

t.test('a database that cannot be used is a problem', async (t) => {
  const DATA_DIR = t.testdir();
  const away = await examine({ DATA_DIR, DATABASE_URL: 'postgresql://x@127.0.0.1:1/none' });
  t.equal(away.code, 1);
  t.match(away.of('database'), { result: 'problem', found: /ECONNREFUSED/ });

  const { databaseUrl } = await freshDatabase(false);
  t.match((await examine({ DATA_DIR, DATABASE_URL: databaseUrl })).of('migrations'), {
    result: 'ok',
    found: /empty/,
  });
  const { deps, settings } = await startRegistry(t, { database: 'PostgreSQL' });
  await deps.store.em().execute(`insert into migrations (name) values ('9999-from-the-future')`);
  t.match((await examine(settings)).of('migrations'), {
    result: 'problem',
    found: /newer release .* 9999-from-the-future/,
  });
});

t.test('settings that contradict each other are warnings', async (t) => {
  const examined = async (settings: Record<string, string>, check: string) =>
    (await checkAddresses(loadConfig(settings))).find((one) => one.check === check);
  const warned = async (settings: Record<string, string>, check: string, found: RegExp) => {
    const expected = { result: 'warning', found, advice: /./ };
    t.match(await examined(settings, check), expected, JSON.stringify(settings));
  };
  const PUBLIC_URL = 'https://127.0.0.1';
  await warned({ PUBLIC_URL: 'http://192.0.2.7' }, 'public-url', /not encrypted/);
  await warned({ PUBLIC_URL: 'https://registry.invalid' }, 'public-url', /no address/);
  await warned({ HOST: '0.0.0.0' }, 'public-url', /not set/);
  await warned({ PUBLIC_URL }, 'proxies', /TRUSTED_PROXIES is not set/);
  await warned({ TRUSTED_PROXIES: '127.0.0.1' }, 'proxies', /PUBLIC_URL is not/);
  await warned({ PUBLIC_URL, TRUSTED_PROXIES: '10.0.0.5' }, 'proxies', /does not contain this/);
  const right = { PUBLIC_URL, TRUSTED_PROXIES: '10.0.0.5, 127.0.0.1' };
  for (const check of ['public-url', 'proxies']) {
    t.match(await examined(right, check), { result: 'ok' }, check);
  }
});

t.test('a folder that does not exist is not created', async (t) => {
  const DATA_DIR = join(t.testdir(), 'none');
  const { of } = await examine({ DATA_DIR });
  t.match(of('data-folder'), { result: 'warning', found: /does not exist/ });
  await t.rejects(lstat(DATA_DIR), { code: 'ENOENT' });
});
