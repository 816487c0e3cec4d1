import { createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import t from 'tap';
import { someGitCaches } from '../helpers/caches.ts';
import { untilChanged } from '../helpers/folder-changes.ts';
import { git } from '../helpers/git.ts';
import { openWithLease } from '../helpers/repositories.ts';
import { bytes, landFiles, openFixture } from './fixture.ts';

const fixture = await openFixture();
const { repositories } = fixture;
t.teardown(() => fixture.close());

const chunks = (content: Buffer, size = 997) =>
  Readable.from(
    Array.from({ length: Math.ceil(content.length / size) }, (_, i) =>
      content.subarray(i * size, (i + 1) * size),
    ),
  );

t.test(
  'a bundle holds the repository at the given refs, for the registry and for stock git',
  async (t) => {
    const meter = await repositories.create('Meter');
    await landFiles(meter, { 'Meter.py': 'one\n' }, 'v1\n', 'state 1');
    await landFiles(
      meter,
      { 'Meter.py': 'two\n', 'sub/données.bin': bytes('\0\x01') },
      'v2\n',
      'state 2',
    );
    const to = await meter.head();
    await meter.updateRefs([{ ref: 'refs/heads/line\u2028separator', from: null, to }]);
    const refs = await meter.refs();
    await landFiles(meter, { 'Meter.py': 'three\n' }, 'v3\n', 'state 3');
    await meter.maintain();

    const folder = t.testdir();
    const file = join(folder, 'Meter.bundle');
    await pipeline(meter.bundle(refs), createWriteStream(file));
    const clone = join(folder, 'clone');
    await git(['clone', '-q', file, clone], { cwd: folder });
    t.equal(
      await git(['log', '--format=%H', 'v2'], { cwd: clone }).then((log) => log.split('\n')[0]),
      refs.get('refs/heads/main')?.oid,
    );
    await git(['bundle', 'verify', '-q', file], { cwd: clone });

    const content = await buffer(meter.bundle(refs));
    const copy = await repositories.adopt('Copy', chunks(content));
    t.same(await copy.refs(), refs, 'every ref, including the registry’s own');
    t.equal((await copy.version(2))?.record, 'v2\n');
    t.equal((await copy.readState())?.text, 'state 2');
    t.equal(await copy.version(3), undefined, 'it does not contain later changes');
    t.same(await copy.fsck(), []);
  },
);

t.test('an incomplete bundle leaves no repository', async (t) => {
  const source = await repositories.open('Meter');
  const whole = await buffer(source.bundle(await source.refs()));
  const flipped = Buffer.from(whole);
  flipped[whole.length - 100] = (flipped[whole.length - 100] as number) ^ 1;
  const header = whole.indexOf('\n\n');
  const evil = whole.toString('latin1', 0, header).replace('refs/heads/main', 'refs/../../main');
  const broken: Record<string, Buffer> = {
    nothing: Buffer.alloc(0),
    text: Buffer.from('hello\n\nworld'),
    'a header alone': whole.subarray(0, header),
    'a pack cut off': whole.subarray(0, whole.length - 30),
    'another byte': flipped,
    'a name that is a path': Buffer.concat([Buffer.from(evil, 'latin1'), whole.subarray(header)]),
  };
  for (const [what, content] of Object.entries(broken)) {
    await t.rejects(repositories.adopt('Broken', chunks(content)), { code: 'bad_object' }, what);
    t.notOk(await repositories.exists('Broken'));
  }
  const cut = Readable.from(
    (async function* () {
      yield whole.subarray(0, 200);
      throw new Error('the disk is gone');
    })(),
  );
  await t.rejects(repositories.adopt('Broken', cut), { message: 'the disk is gone' });
  t.notOk(await repositories.exists('Broken'));
  await t.rejects(repositories.adopt('meter', chunks(whole)), { code: 'repository_exists' });
});

t.test(
  'a hold waits for current changes, and no process begins another until its release',
  async (t) => {
    const { root, journal, program } = fixture;
    const elsewhere = await openWithLease({
      root,
      journal,
      git: program,
      caches: someGitCaches(),
    });
    const order: string[] = [];
    await repositories.addJournalEntry('Meter');
    const holding = elsewhere.hold().then((hold) => {
      order.push('held');
      return hold;
    });
    await untilChanged(journal, async () => (await readdir(journal)).includes('hold.lock'));
    await repositories.addJournalEntry('Meter');
    order.push('another entry of a current change');
    const turnedAway = untilTurnedAway(journal, 'Other');
    const other = repositories.addJournalEntry('Other').then(() => order.push('another change'));
    await repositories.removeJournalEntry('Meter');
    await repositories.removeJournalEntry('Meter');
    const hold = await holding;
    await turnedAway;
    order.push('released');
    await hold.release();
    await hold.release();
    await other;
    await repositories.removeJournalEntry('Other');
    t.same(order, ['another entry of a current change', 'held', 'released', 'another change']);
    t.same(await repositories.abandonedEntries(), []);
  },
);

/**
 * Waits until a change of this repository has added its journal entry, has been stopped by the hold, and has removed
 * the entry.
 */
async function untilTurnedAway(journal: string, name: string): Promise<void> {
  const isEntry = (file: string | null) => file?.startsWith(`${name}~`) ?? false;
  let added = false;
  await untilChanged(journal, async (changed) => {
    added ||= isEntry(changed);
    return added && !(await readdir(journal)).some(isEntry);
  });
}
