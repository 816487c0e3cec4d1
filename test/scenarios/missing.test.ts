/**
 * fsck, backup and reindex report repositories that are missing, damaged or older than the database, and delete
 * nothing. When the repositories are back, everything is as before.
 */
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommand } from '../../registry/cli/commands.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { nothingYet, open } from '../helpers/backups.ts';
import { git } from '../helpers/git.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

/** Every row that refers to a definition. */
async function rowsOf({ deps }: TestLab) {
  const all = (sql: string) => deps.store.em().execute<Record<string, unknown>[]>(sql);
  return {
    definitions: await all('select * from definitions order by id'),
    versions: await all('select * from versions order by definition_id, version'),
    instruments: await all('select id, name, definition_id from instruments order by id'),
  };
}

/** Two definitions with two versions each, and an instrument of each. */
async function lab(t: Test, database: 'PGlite' | 'PostgreSQL') {
  const lab = await startLab(t, { database });
  const { definitions, instruments } = lab.ada.client;
  for (const name of ['Meter', 'Motor']) {
    const { id } = await definitions.create({ name, source_code: measurement(name) });
    await definitions.change(id, { source_code: measurement(name, 2) });
    await instruments.create({ name: `The ${name}`, lab_id: lab.nano.id, definition_id: id });
  }
  return lab;
}

async function run({ deps }: TestLab, command: string, options: Record<string, unknown> = {}) {
  const lines: string[] = [];
  const terminal = {
    out: (text: string) => void lines.push(text),
    err: (text: string) => void lines.push(text),
    progress() {},
  };
  const code = await runCommand(deps, { command, options }, terminal);
  return { code, text: lines.join('\n') };
}

/** Damages the folder of repositories, and asserts that every command names what is missing and deletes nothing. */
async function isNoticed(
  t: Test,
  lab: TestLab,
  names: string[],
  damage: (repositories: string, aside: string) => Promise<unknown>,
  repair: (repositories: string, aside: string) => Promise<unknown>,
): Promise<void> {
  const folder = join(lab.dataDir, 'repos');
  const aside = await mkdtemp(join(tmpdir(), 'registry-aside-'));
  t.teardown(() => rm(aside, { recursive: true, force: true }));
  const before = await rowsOf(lab);
  await damage(folder, aside);
  for (const command of ['fsck', 'reindex', 'backup']) {
    const { code, text } = await run(lab, command, { file: join(aside, 'backup.zip') });
    t.equal(code, 1, `${command} fails`);
    for (const name of names) t.match(text, new RegExp(`^${name}\\b`, 'm'), `${command}: ${name}`);
  }
  t.same(await rowsOf(lab), before, 'nothing is deleted');
  await repair(folder, aside);
  t.equal((await run(lab, 'reindex')).code, 0);
  t.same(await rowsOf(lab), before, 'all is as before');
  t.match(await run(lab, 'fsck'), { code: 0, text: /\b0 problems/ });
}

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`what is missing is noticed, and nothing is deleted (${database})`, async (t) => {
    const registry = await lab(t, database);
    const { deps, ada } = registry;

    await t.test('one repository', async (t) => {
      await isNoticed(
        t,
        registry,
        ['Meter'],
        (folder, aside) => rename(join(folder, 'Meter.git'), join(aside, 'Meter.git')),
        (folder, aside) => rename(join(aside, 'Meter.git'), join(folder, 'Meter.git')),
      );
    });

    await t.test('all repositories', async (t) => {
      await isNoticed(
        t,
        registry,
        ['Meter', 'Motor'],
        async (folder, aside) => {
          for (const name of ['Meter', 'Motor']) {
            await rename(join(folder, `${name}.git`), join(aside, `${name}.git`));
          }
        },
        async (folder, aside) => {
          for (const name of ['Meter', 'Motor']) {
            await rename(join(aside, `${name}.git`), join(folder, `${name}.git`));
          }
        },
      );
    });

    await t.test('the refs of a repository', async (t) => {
      const { id } = await ada.client.definitions.byName('Meter');
      await isNoticed(
        t,
        registry,
        ['Meter'],
        async (folder, aside) => {
          await rename(join(folder, 'Meter.git/packed-refs'), join(aside, 'packed-refs'));
          const source_code = measurement('Meter', 7);
          await t.rejects(ada.client.definitions.change(id, { source_code }), /missing or damaged/);
          const clone = git(['ls-remote', registry.gitUrl('Meter', ada.token)]);
          await t.rejects(clone, /503/);
        },
        (folder, aside) =>
          rename(join(aside, 'packed-refs'), join(folder, 'Meter.git/packed-refs')),
      );
    });

    await t.test('the newest version: an older copy', async (t) => {
      const { id } = await ada.client.definitions.byName('Motor');
      const saved = await mkdtemp(join(tmpdir(), 'registry-older-'));
      t.teardown(() => rm(saved, { recursive: true, force: true }));
      const motor = join(registry.dataDir, 'repos/Motor.git');
      await cp(motor, join(saved, 'older'), { recursive: true });
      await ada.client.definitions.change(id, { source_code: measurement('Motor', 3) });
      await isNoticed(
        t,
        registry,
        ['Motor'],
        async () => {
          await rename(motor, join(saved, 'newer'));
          await cp(join(saved, 'older'), motor, { recursive: true });
        },
        async () => {
          await rm(motor, { recursive: true });
          await rename(join(saved, 'newer'), motor);
        },
      );
      await rm(motor, { recursive: true });
      await rename(join(saved, 'older'), motor);
      t.match(await reindex(deps, { deleteMissing: true }), { missing: [], skipped: [] });
      t.match(await ada.client.definitions.byName('Motor'), { version: 2 }, 'given up when asked');
      t.same((await fsck(deps)).problems, []);
      await ada.client.definitions.change(id, { source_code: measurement('Motor', 4) });
      t.match(await ada.client.definitions.byName('Motor'), { version: 3 });
    });

    await t.test('a row: the database is older than git', async (t) => {
      const { em } = deps.store;
      const { id } = await ada.client.definitions.byName('Meter');
      await em().execute('delete from definitions where id = ?', [id]);
      await em().execute(`select setval('definitions_id_seq', 1, false)`);
      t.match(await run(registry, 'fsck'), { code: 1, text: /^Meter: .*registry reindex/m });
      t.equal((await run(registry, 'reindex')).code, 0);
      t.equal((await ada.client.definitions.byName('Meter')).id, id);
      const made = await ada.client.definitions.create({
        name: 'Later',
        source_code: measurement('Later'),
      });
      t.ok(made.id > id, 'ids go on after those in git');
    });

    await t.test('an id that two definitions have is named, and neither is replaced', async (t) => {
      const { em } = deps.store;
      const { id } = await ada.client.definitions.byName('Later');
      await em().execute('delete from definitions where id = ?', [id]);
      await em().execute(`select setval('definitions_id_seq', ?, false)`, [id]);
      const other = await ada.client.definitions.create({
        name: 'Other',
        source_code: measurement('Other'),
      });
      t.equal(other.id, id);
      const { code, text } = await run(registry, 'reindex');
      t.equal(code, 1);
      t.match(text, new RegExp(`^Later: .*its id ${id} is also the id of Other.*clone`, 'm'));
      t.match(await ada.client.definitions.byName('Other'), { id, name: 'Other' });
      t.match(await run(registry, 'fsck'), { code: 1, text: /^Later: / });

      const aside = await mkdtemp(join(tmpdir(), 'registry-collision-'));
      t.teardown(() => rm(aside, { recursive: true, force: true }));
      const repository = join(registry.dataDir, 'repos/Later.git');
      await git(['clone', '-q', repository, join(aside, 'clone')]);
      await rm(repository, { recursive: true });
      const source_code = await readFile(join(aside, 'clone/Later.py'), 'utf8');
      await ada.client.definitions.create({ name: 'Later', source_code });
      t.match(await run(registry, 'fsck'), { code: 0 });
    });
  });
}

/** Damages one file or folder of a repository. */
const DAMAGE: Record<string, (repository: string) => Promise<unknown>> = {
  'garbage instead of refs': (repository) =>
    writeFile(join(repository, 'packed-refs'), 'garbage\n'),
  'no refs': (repository) => rm(join(repository, 'packed-refs')),
  'no HEAD': (repository) => rm(join(repository, 'HEAD')),
  'a folder without anything': async (repository) => {
    await rm(repository, { recursive: true });
    await mkdir(repository);
  },
  'an object cut off': async (repository) => {
    for (const object of await looseObjects(repository)) {
      await chmod(object, 0o600);
      await truncate(object, 10);
    }
  },
  'objects that are gone': async (repository) => {
    for (const object of await looseObjects(repository)) await rm(object);
  },
};

async function looseObjects(repository: string): Promise<string[]> {
  const found = await readdir(join(repository, 'objects'), {
    recursive: true,
    withFileTypes: true,
  });
  return found.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
}

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`fsck and backup go on past every kind of damage (${database})`, async (t) => {
    const registry = await startLab(t, { database });
    const { ada, dataDir } = registry;
    const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const names = [...Object.keys(DAMAGE).keys()].map((n) => `Damaged${n}`);
    for (const name of ['Aaa', ...names, 'Zzz']) {
      await ada.client.definitions.create({ name, source_code: measurement(name) });
    }
    await run(registry, 'fsck');
    for (const [n, damage] of Object.values(DAMAGE).entries()) {
      await damage(join(dataDir, `repos/Damaged${n}.git`));
    }
    await mkdir(join(dataDir, 'repos/Foreign.git'));

    const file = join(folder, 'backup.zip');
    for (const command of ['fsck', 'backup']) {
      const { code, text } = await run(registry, command, { file });
      t.equal(code, 1, command);
      for (const name of [...names, 'Foreign']) t.match(text, new RegExp(`^${name}\\b.*:`, 'm'));
      t.notMatch(text, /^(Aaa|Zzz)\b/m, command);
    }

    const other = await open(await nothingYet(t, 'PGlite'));
    t.teardown(() => other.close());
    const manifest = await restore(other, file);
    t.same(manifest.repositories, ['Aaa', 'Zzz']);
    t.same([...(manifest.left_out ?? [])].sort(), [...names, 'Foreign']);
    const places = (await fsck(other)).problems.map(({ where }) => where);
    t.same([...new Set(places)].sort(), names, 'the rest is whole');
    // The repositories of a lab must be in order when its test ends.
    for (const name of [...names, 'Foreign']) {
      await rm(join(dataDir, `repos/${name}.git`), { recursive: true });
    }
  });
}
