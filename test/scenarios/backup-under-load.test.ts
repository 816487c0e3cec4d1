/** Backups hold nobody up for long, and hold the rows and refs of one moment while people keep working. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { backup } from '../../registry/services/backup/backup.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { atWork, nothingYet, open } from '../helpers/backups.ts';
import { startLab } from '../helpers/lab.ts';
import { DATABASES, type DatabaseKind, measurement } from '../helpers/registry.ts';

t.setTimeout(600_000);

async function lab(t: Test, database: DatabaseKind) {
  const lab = await startLab(t, { database });
  for (const name of ['Meter', 'Shared']) {
    await lab.ada.client.definitions.create({ name, source_code: measurement(name) });
  }
  const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return { ...lab, folder };
}

for (const database of DATABASES) {
  t.test(`each of several backups under load is of one moment (${database})`, async (t) => {
    const registry = await lab(t, database);
    const people = atWork(registry);
    const files = ['first', 'second', 'third'].map((name) => join(registry.folder, name));
    await people.busy;
    for (const file of files) {
      const before = people.done.landed;
      t.match(await backup({ ...registry.deps, version: 'test' }, file), {
        unsettled: [],
        leftOut: [],
      });
      await people.landedMoreThan(before);
    }
    await people.stop();
    for (const file of files) {
      const other = await open(await nothingYet(t, 'PGlite'));
      await restore(other, file);
      t.same((await fsck(other)).problems, []);
      await other.close();
    }
  });

  t.test(`a change that takes long delays the backup and nobody else (${database})`, async (t) => {
    const { ada, deps, folder } = await lab(t, database);
    const { repositories } = deps;
    const { id } = await ada.client.definitions.byName('Meter');
    await repositories.addJournalEntry('Shared');
    let ended = false;
    const backedUp = backup({ ...deps, version: 'test' }, join(folder, 'file')).finally(() => {
      ended = true;
    });
    // Several saves, so that at least one begins while the backup waits for the change.
    for (const n of [2, 3, 4, 5, 6]) {
      await ada.client.definitions.change(id, { source_code: measurement('Meter', n) });
    }
    t.notOk(ended, 'the backup waits');
    await repositories.removeJournalEntry('Shared');
    t.match(await backedUp, { unsettled: [], leftOut: [] });
  });
}
