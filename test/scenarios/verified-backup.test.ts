/** `registry backup verify` restores a backup into a temporary folder, and says what is missing or damaged. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { backup } from '../../registry/services/backup/backup.ts';
import { registry } from '../helpers/command.ts';
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
    const verify = (name: string) =>
      registry(['backup', 'verify', join(folder, name)], {
        DATA_DIR: join(folder, 'nothing'),
        TMPDIR: folder,
      });
    await backup({ ...deps, version: 'test' }, join(folder, 'whole'));
    t.match(await verify('whole'), { code: 0, stdout: /Nothing is missing or damaged/ });

    const whole = await readFile(join(folder, 'whole'));
    await writeFile(join(folder, 'cut'), whole.subarray(0, whole.length / 2));
    t.match(await verify('cut'), { code: 1, stderr: /cannot be restored/ });

    const refs = join(dataDir, 'repos/Motor.git/packed-refs');
    const before = await readFile(refs);
    await writeFile(refs, 'garbage');
    const { store } = deps;
    await store.em().execute('alter table audit_events disable trigger user');
    await store.em().execute(`update audit_events set subject = 'forged' where id = 3`);
    await backup({ ...deps, version: 'test' }, join(folder, 'damaged'));
    await writeFile(refs, before);
    const { code, stderr } = await verify('damaged');
    t.equal(code, 1);
    t.match(stderr, /^Motor is not in the backup/m);
    t.match(stderr, /^audit trail: /m);
    t.same((await readdir(folder)).sort(), ['cut', 'damaged', 'whole'], 'nothing else is left');
  });
}
