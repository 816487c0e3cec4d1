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
import { backup } from '../../registry/services/backup/backup.ts';
import { Chain } from '../../registry/services/backup/chain.ts';
import { type KeptChain, outdated } from '../../registry/services/backup/kept-files.ts';
import { backUpIfDue } from '../../registry/services/backup/schedule.ts';
import { agree } from '../../registry/services/repair/agreement.ts';
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
      (await readdir(folder)).filter((name) => name.endsWith('.zip') && name !== foreign).sort();
    await agree(deps);
    const [{ registry }] = await deps.store
      .em()
      .execute<[{ registry: string }]>('select registry from registry_identity');
    const prefix = `registry-${registry.slice(0, 8)}-`;
    const verified: (readonly string[])[] = [];
    let known: readonly string[] = [];
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
          async verify(paths, faulty) {
            verified.push(paths);
            known = faulty;
            return fault;
          },
          signal: new AbortController().signal,
        },
      );
    /** Makes all backups older, as if time had passed. */
    const pass = async (hours: number) => {
      for (const name of await readdir(folder)) {
        const [, time = '', rest = ''] =
          name
            .split(prefix)
            .join('')
            .match(/^(.{20})(.*)$/) ?? [];
        if (!name.startsWith(prefix)) continue;
        const at = new Date(time.replace(/T(..)-(..)-/, 'T$1:$2:'));
        const earlier = new Date(at.getTime() - hours * HOUR).toISOString().slice(0, 19);
        const moved = `${prefix}${earlier.replaceAll(':', '-')}Z${rest}`;
        await rename(join(folder, name), join(folder, moved));
      }
    };
    await writeFile(join(folder, 'holiday.zip'), 'of somebody else');
    const left = `${prefix}1970-01-01T00-00-00Z.full.zip`;
    const foreign = `registry-00112233-1970-01-01T00-00-00Z.full.zip`;
    await writeFile(join(folder, foreign), 'of another registry');
    await writeFile(join(folder, `.${left}.0011`), 'left by a killed process');
    const draft = '.registry-by-hand.zip.0011';
    await writeFile(join(folder, `.${foreign}.0011`), 'of another registry, just now');
    await writeFile(join(folder, draft), 'of a backup that somebody makes just now');

    const both = await Promise.all([look(), look()]);
    t.equal(both.filter(Boolean).length, 1, 'one of two processes makes the backup');
    t.match(await names(), ['holiday.zip', /\.full\.zip$/]);
    t.equal(verified.length, 1, 'a full backup is verified');
    const hidden = (await readdir(folder)).filter((name) => name.startsWith('.'));
    t.same(hidden, [`.${foreign}.0011`, draft], 'only drafts of its own are deleted');
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

    const repository = join(dataDir, 'repos', 'Motor.git');
    await rename(repository, join(dataDir, 'Motor.git'));
    await pass(24 * 8);
    t.match(await look(), { report: { leftOut: [{ name: 'Motor' }] }, deleted: 0 });
    t.same(known, ['Motor'], 'what is known to be missing does not make a backup worthless');
    await pass(24 * 40);
    t.match(await look(), { path: /\.full\.zip$/, deleted: 1 }, 'old ones are deleted');
    for (const _ of ['the damaged one', 'one without the definition']) {
      await pass(7);
      t.match(await look(), { path: /Z\.zip$/, deleted: 1 });
    }
    await pass(7);
    t.match(await look(), { deleted: 0 });
    const [, source = ''] = await names();
    const chain = await Chain.open([join(folder, source)]);
    t.ok(chain.last.manifest.repositories.includes('Motor'), 'but not the only one that has it');
    chain.close();
    await rename(join(dataDir, 'Motor.git'), repository);
    t.ok((await readdir(folder)).includes(foreign), 'files of another registry stay');

    // Somebody sets the clock back. The newest backup is in the future now.
    ahead.wall = -100;
    t.equal(await look(), undefined, 'none is due: the newest one was only just made');
    ahead.steady = 7;
    const last = (await names()).at(-1) as string;
    const after = basename((await look())?.path ?? '');
    t.match(after, /Z\.zip$/, 'the next one is due at its time, and continues the chain');
    t.ok(after > last, 'the names stay in the order in which the backups were made');
    const all = await names();
    const parts = all.slice(all.findLastIndex((name) => name.endsWith('.full.zip')));
    (await Chain.open(parts.map((name) => join(folder, name)))).close();
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

t.test('the only backup that has a damaged definition stays', async (t) => {
  const chain = (day: number, faulty: string[], isVerified = true): KeptChain => {
    const at = new Date(Date.UTC(2026, 0, day));
    return { paths: [`${day}`], begun: at, newest: at, isVerified, faulty: new Set(faulty) };
  };
  const deleted = (...chains: KeptChain[]) =>
    outdated(chains, new Date(Date.UTC(2026, 1, 1))).flatMap(({ paths }) => paths);
  t.same(deleted(chain(1, []), chain(2, []), chain(3, [])), ['1', '2']);
  t.same(deleted(chain(1, []), chain(2, []), chain(3, ['A']), chain(4, ['A'])), ['1', '3']);
  t.same(deleted(chain(1, ['B']), chain(2, ['A']), chain(3, ['A', 'B'])), [], 'both are needed');
  t.same(deleted(chain(1, []), chain(2, [], false), chain(3, [])), ['1', '2']);
  t.same(deleted(chain(1, [], false), chain(2, ['A']), chain(3, ['A'])), ['2'], 'it may have A');
  t.same(deleted(chain(1, []), chain(2, [], false)), [], 'none is verified after it');
});

t.test('a backup ends soon when the server stops', async (t) => {
  const { ada, deps } = await startLab(t);
  await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  const folder = t.testdir();
  const { repositories } = deps;
  // The backup waits for the end of this change for up to a minute.
  await repositories.addJournalEntry('Meter');
  const stop = new AbortController();
  const held = Promise.withResolvers<void>();
  const hold = repositories.hold.bind(repositories);
  repositories.hold = async (patience) => {
    held.resolve();
    return await hold(patience);
  };
  const { signal } = stop;
  const running = backup({ ...deps, version: 'test' }, join(folder, 'file'), { signal });
  await held.promise;
  stop.abort();
  const begun = performance.now();
  await t.rejects(running, { name: 'AbortError' });
  t.ok(performance.now() - begun < 20_000);
  t.same(await readdir(folder), [], 'nothing is left');
  await repositories.removeJournalEntry('Meter');
});

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
