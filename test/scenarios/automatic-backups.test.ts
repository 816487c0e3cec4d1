/** A server makes backups by itself, one at a time, and deletes old ones only when a newer full one was verified. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import pino from 'pino';
import t from 'tap';
import { backupState } from '../../registry/cli/backup-notes.ts';
import { checkDataFolder } from '../../registry/cli/doctor/data-folder.ts';
import { keepBackups } from '../../registry/cli/scheduled-backups.ts';
import { dataPaths } from '../../registry/data-paths.ts';
import { Ages } from '../../registry/services/backup/ages.ts';
import { Chain } from '../../registry/services/backup/chain.ts';
import { fileName } from '../../registry/services/backup/kept-files.ts';
import { backUpIfDue } from '../../registry/services/backup/schedule.ts';
import { startLab } from '../helpers/lab.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

const HOUR = 60 * 60_000;

for (const database of DATABASES) {
  t.test(`backups that a server makes by itself (${database})`, async (t) => {
    const { ada, deps, dataDir } = await startLab(t, { database });
    await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
    const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const names = async () =>
      (await readdir(folder)).filter((name) => name.endsWith('.zip')).sort();
    const verified: (readonly string[])[] = [];
    let fault: string | null = null;
    /** By how much the clocks differ from the true ones, in hours. */
    const ahead = { wall: 0, steady: 0 };
    const ages = new Ages(
      () => Date.now() + ahead.wall * HOUR,
      () => performance.now() + ahead.steady * HOUR,
    );
    const look = () =>
      backUpIfDue(
        { ...deps, version: 'test' },
        {
          folder,
          everyMinutes: 360,
          keepDays: 30,
          ages,
          lock: dataPaths(dataDir).backupLock,
          async verify(paths) {
            verified.push(paths);
            return fault;
          },
          signal: new AbortController().signal,
        },
      );
    /** Makes all backups older, as if time had passed. */
    const pass = async (hours: number) => {
      for (const name of await readdir(folder)) {
        const [, time] = /^registry-(.{20})/.exec(name) ?? [];
        if (time === undefined) continue;
        const at = new Date(time.replace(/T(..)-(..)-/, 'T$1:$2:'));
        const earlier = fileName(new Date(at.getTime() - hours * HOUR), false).slice(0, 29);
        await rename(join(folder, name), join(folder, name.replace(/^registry-.{20}/, earlier)));
      }
    };
    await writeFile(join(folder, 'holiday.zip'), 'of somebody else');
    const left = fileName(new Date(0), true);
    await writeFile(join(folder, `.${left}.0011`), 'left by a killed process');
    const draft = '.registry-by-hand.zip.0011';
    await writeFile(join(folder, draft), 'of a backup that somebody makes just now');

    const both = await Promise.all([look(), look()]);
    t.equal(both.filter(Boolean).length, 1, 'one of two processes makes the backup');
    t.match(await names(), ['holiday.zip', /\.full\.zip$/]);
    t.equal(verified.length, 1, 'a full backup is verified');
    const hidden = (await readdir(folder)).filter((name) => name.startsWith('.'));
    t.same(hidden, [draft], 'only drafts of automatic backups are deleted');
    t.equal(await look(), undefined, 'none is due');

    await pass(7);
    await ada.client.definitions.create({ name: 'Motor', source_code: measurement('Motor') });
    t.ok(await look());
    const [, full = '', next = ''] = await names();
    t.match([full, next], [/\.full\.zip$/, /Z\.zip$/], 'then an incremental one');
    (await Chain.open([full, next].map((name) => join(folder, name)))).close();

    await pass(24 * 40);
    fault = 'the disk is damaged';
    await t.rejects(look(), { code: 'incomplete', message: /the disk is damaged/ });
    t.equal((await names()).length, 4, 'nothing is deleted while the newer one is not verified');
    await pass(7);
    fault = null;
    t.match(await look(), { deleted: 2 });
    t.match(await names(), ['holiday.zip', /\.full\.zip$/, /\.full\.zip$/]);

    await pass(7);
    const newest = (await names()).at(-1) as string;
    await writeFile(join(folder, newest), 'damaged');
    t.match(await look(), { path: /\.full\.zip$/ }, 'after a damaged backup comes a full one');

    // Somebody sets the clock back. The newest backup is in the future now.
    ahead.wall = -100;
    t.equal(await look(), undefined, 'none is due: the newest one was only just made');
    ahead.steady = 7;
    const last = (await names()).at(-1) as string;
    const after = basename((await look())?.path ?? '');
    t.match(after, /Z\.zip$/, 'the next one is due at its time, and continues the chain');
    t.ok(after > last, 'the names stay in the order in which the backups were made');
    (await Chain.open([last, after].map((name) => join(folder, name)))).close();
    t.equal(await look(), undefined, 'and then none is due');

    // Somebody sets the clock ten years ahead. All backups seem old.
    const before = await names();
    ahead.wall = 24 * 3650;
    t.ok(((await look())?.deleted ?? 0) > 0);
    const kept = before.filter((name) => existsSync(join(folder, name)));
    t.ok(kept.length > 2, 'only the oldest chain is deleted');
    ahead.wall = 0;
    t.equal(await look(), undefined, 'the clock is right again');
    ahead.steady = 14;
    t.ok(await look(), 'and backups go on');
  });
}

t.test('a failed backup is logged, and `registry doctor` names it', async (t) => {
  const { deps, dataDir } = await startLab(t);
  const paths = dataPaths(dataDir);
  const { promise: logged, resolve } = Promise.withResolvers<string>();
  const log = pino({}, { write: resolve });
  const file = join(dataDir, 'a-file');
  await writeFile(file, '');
  const config = { ...deps.config, BACKUP_DIR: file };
  const stop = keepBackups({ ...deps, config }, log);
  t.match(await logged, /the automatic backup failed/);
  await stop();
  t.match(await backupState(paths), { last: null, failure: { why: /EEXIST/ } });
  const findings = await checkDataFolder({ paths, isEmbedded: false, hasSecret: true });
  t.match(
    findings.find(({ check }) => check === 'backup'),
    { result: 'problem', found: /the last automatic backup failed .*EEXIST/ },
  );
  await keepBackups(deps, log)();
  t.match(await backupState(paths), { failure: null }, 'without BACKUP_DIR nobody tries again');
});
