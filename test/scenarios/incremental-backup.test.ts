/** A full backup and incremental backups are restored together, to the moment of any of them. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import t from 'tap';
import { backup } from '../../registry/services/backup/backup.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { nothingYet, open, refsIn } from '../helpers/backups.ts';
import { registry } from '../helpers/command.ts';
import { startLab } from '../helpers/lab.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

t.setTimeout(600_000);

/** The same backup as an older registry would have written it. */
function asOlder(content: Uint8Array): Uint8Array {
  const { SHA256SUMS: _, 'refs.jsonl': _refs, ...entries } = unzipSync(content);
  const { id: _id, ...manifest } = JSON.parse(
    Buffer.from(entries['manifest.json'] as Uint8Array).toString(),
  );
  entries['manifest.json'] = Buffer.from(JSON.stringify(manifest));
  const sums = Object.entries(entries).map(
    ([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`,
  );
  return zipSync({ ...entries, SHA256SUMS: Buffer.from(sums.join('')) });
}

for (const database of DATABASES) {
  t.test(`incremental backups contain what is new (${database})`, async (t) => {
    const { ada, ben, deps } = await startLab(t, { database });
    const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const file = (name: string) => join(folder, name);
    const { definitions } = ada.client;
    const save = async (name: string, n: number) => {
      const { id } = await definitions.byName(name);
      await definitions.change(id, { source_code: measurement(name, n) });
    };
    const take = async (name: string, since?: string) => {
      const report = await backup({ ...deps, version: 'test' }, file(name), {
        since: since && file(since),
      });
      t.match(report, { unsettled: [], leftOut: [] });
      return { ...report.manifest, refs: await refsIn(deps) };
    };
    for (const name of ['Meter', 'Motor', 'Quiet']) {
      await definitions.create({ name, source_code: measurement(name) });
    }
    await take('full');
    await save('Meter', 2);
    const { id: motor } = await definitions.byName('Motor');
    await ben.client.definitions.change(motor, { category: 'Proposed' });
    const first = await take('first', 'full');
    await definitions.create({ name: 'Later', source_code: measurement('Later') });
    await save('Meter', 3);
    const second = await take('second', 'first');

    const entries = Object.keys(unzipSync(await readFile(file('second'))));
    t.same(
      entries.filter((name) => name.startsWith('repositories/')),
      ['repositories/Later.bundle', 'repositories/Meter.more.bundle'],
    );

    const restored = async (names: string[], at?: string) => {
      const other = await open(await nothingYet(t, 'PGlite'));
      await restore(other, names.map(file), at === undefined ? {} : { at: new Date(at) });
      t.same((await fsck(other)).problems, []);
      const refs = await refsIn(other);
      await other.close();
      return refs;
    };
    const all = ['full', 'first', 'second'];
    t.same(await restored(all), second.refs);
    t.same(await restored(all, first.made_at), first.refs, 'at the time of an earlier backup');

    const other = await open(await nothingYet(t, 'PGlite'));
    t.teardown(() => other.close());
    for (const names of [['first'], ['full', 'second'], ['full', 'second', 'first']]) {
      await t.rejects(restore(other, names.map(file)), { code: 'invalid' }, names.join());
    }
    await t.rejects(
      restore(other, all.map(file), { at: new Date(0) }),
      { code: 'invalid', message: /made later/ },
      'there is no backup that is old enough',
    );

    await writeFile(file('older'), asOlder(await readFile(file('full'))));
    t.same(Object.keys(await restored(['older'])), ['Meter', 'Motor', 'Quiet']);
    await t.rejects(take('more', 'older'), { code: 'invalid', message: /full backup first/ });

    const verified = await registry(['backup', 'verify', ...all.map(file)], { TMPDIR: folder });
    t.match(verified, { code: 0, stdout: /Nothing is missing or damaged/ });
    const done = await registry(
      ['restore', '--at', first.made_at, ...all.map(file)],
      await nothingYet(t, 'PGlite'),
    );
    t.match(done, { code: 0, stdout: new RegExp(`backup of ${first.made_at}`) });
    t.ok((await stat(file('second'))).size < (await stat(file('full'))).size);
  });
}
