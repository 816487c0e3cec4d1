/** `registry backup verify` restores a backup into a temporary folder, and says what is missing or damaged. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import t from 'tap';
import { backup } from '../../registry/services/backup/backup.ts';
import { compareWithRunning } from '../../registry/services/backup/compare-running.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { nothingYet, open } from '../helpers/backups.ts';
import { killed, registry } from '../helpers/command.ts';
import { untilChanged } from '../helpers/folder-changes.ts';
import { startLab } from '../helpers/lab.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

t.setTimeout(600_000);

for (const database of DATABASES) {
  t.test(`a backup is verified without a registry (${database})`, async (t) => {
    const { ada, deps, dataDir } = await startLab(t, { database });
    for (const name of ['Meter', 'Motor']) {
      await ada.client.definitions.create({ name, source_code: measurement(name) });
    }
    const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const verify = (name: string, ...options: string[]) =>
      registry(['backup', 'verify', ...options, join(folder, name)], {
        DATA_DIR: join(folder, 'nothing'),
        TMPDIR: folder,
      });
    await backup({ ...deps, version: 'test' }, join(folder, 'whole'));
    t.match(await verify('whole'), { code: 0, stdout: /Nothing is missing or damaged/ });

    if (database === 'PGlite') {
      const scratch = await mkdtemp(join(folder, 'scratch-'));
      const restoring = async () => {
        await untilChanged(scratch, async () => (await readdir(scratch)).length > 0);
        const [name = ''] = await readdir(scratch);
        const inside = join(scratch, name);
        await untilChanged(inside, async () => (await readdir(inside)).length > 0);
      };
      const args = ['backup', 'verify', join(folder, 'whole')];
      const ended = await killed(args, { TMPDIR: scratch }, restoring(), 'SIGTERM');
      t.match(ended, { code: 143 });
      t.same(await readdir(scratch), [], 'a verification that is ended leaves no keys behind');
      await rmdir(scratch);
    }

    const whole = await readFile(join(folder, 'whole'));
    await writeFile(join(folder, 'cut'), whole.subarray(0, whole.length / 2));
    t.match(await verify('cut'), { code: 1, stderr: /cannot be restored/ });

    const withRow = (change: (row: Record<string, unknown>) => void) => {
      const { SHA256SUMS: _, ...entries } = unzipSync(whole);
      const [row = '', ...more] = Buffer.from(entries['database/labs.jsonl'] as Uint8Array)
        .toString()
        .split('\n');
      const changed = JSON.parse(row);
      change(changed);
      entries['database/labs.jsonl'] = Buffer.from([JSON.stringify(changed), ...more].join('\n'));
      const sums = Object.entries(entries).map(
        ([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`,
      );
      return zipSync({ ...entries, SHA256SUMS: Buffer.from(sums.join('')) });
    };
    await writeFile(
      join(folder, 'other'),
      withRow((row) => {
        row.unknown = 'a column that the restored database does not have';
      }),
    );
    const empty = await open(await nothingYet(t, 'PGlite'));
    t.teardown(() => empty.close());
    await t.rejects(restore(empty, join(folder, 'other'), { compares: true }), {
      code: 'invalid',
      message: /Row 1 of labs differs .*: unknown/,
    });

    t.same(await compareWithRunning(deps, [join(folder, 'whole')]), []);
    const refs = join(dataDir, 'repos/Motor.git/packed-refs');
    const before = await readFile(refs);
    await writeFile(refs, 'garbage');
    const { store } = deps;
    await store.em().execute('alter table audit_events disable trigger user');
    await store.em().execute(`update audit_events set subject = 'forged' where id = 3`);
    await backup({ ...deps, version: 'test' }, join(folder, 'damaged'));
    await store.em().execute('delete from audit_events where id > 5');
    t.match(await compareWithRunning(deps, [join(folder, 'whole')]), [/rows of audit_events/]);
    await writeFile(refs, before);
    const { code, stderr } = await verify('damaged');
    t.equal(code, 1);
    t.match(stderr, /^Motor is not in the backup/m);
    t.match(stderr, /^audit trail: /m);
    const excepted = await verify('damaged', '--except', 'Motor');
    t.match(excepted, { code: 1, stderr: /^audit trail: /m });
    t.notMatch(excepted.stderr, /Motor/, 'what is known does not count, and anything else does');
    t.same(
      (await readdir(folder)).sort(),
      ['cut', 'damaged', 'other', 'whole'],
      'nothing else is left',
    );
  });
}
