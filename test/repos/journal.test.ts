/** Journal entries while the disk fails: none stays for ever, and none is missing. */
import fs from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Journal } from '../../repos/journal.ts';
import { openLeases } from '../../repos/leases.ts';

const { fsync } = fs;
const { rm: remove, writeFile: write } = fs.promises;
/** How many of the next calls fail. */
let failing = { fsync: 0, rm: 0, write: 0 };
const EIO = () => Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });

fs.fsync = ((file, done) => {
  if (failing.fsync-- > 0) setImmediate(done, EIO());
  else fsync(file, done);
}) as typeof fsync;
fs.promises.rm = async (...args) => {
  if (failing.rm-- > 0) throw EIO();
  await remove(...args);
};
fs.promises.writeFile = async (...args) => {
  if (failing.write-- > 0) throw EIO();
  await write(...args);
};
syncBuiltinESMExports();
t.teardown(() => {
  fs.fsync = fsync;
  fs.promises.rm = remove;
  fs.promises.writeFile = write;
  syncBuiltinESMExports();
});

async function openJournal(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  const leases = await openLeases(join(folder, 'leases'), join(folder, 'workshops'));
  const journal = await Journal.open(join(folder, 'journal'), leases);
  t.teardown(async () => {
    await leases.close();
    await rm(folder, { recursive: true });
  });
  return { journal, id: leases.id, files: () => readdir(join(folder, 'journal')) };
}

t.beforeEach(() => {
  failing = { fsync: 0, rm: 0, write: 0 };
});

t.test('an entry that could not be made durable does not stay', async (t) => {
  const { journal, id, files } = await openJournal(t);
  failing.fsync = 1;
  await t.rejects(journal.add('Meter'), { code: 'EIO' });
  t.strictSame(await files(), []);
  await journal.add('Meter');
  t.strictSame(await files(), [`Meter~${id}`]);
  await journal.remove('Meter');
  t.strictSame(await files(), []);
});

t.test('a change does not rely on the entry of another whose entry failed', async (t) => {
  const { journal, id, files } = await openJournal(t);
  failing.fsync = 1;
  const first = t.rejects(journal.add('Meter'), { code: 'EIO' });
  await journal.add('Meter');
  await first;
  t.equal(failing.fsync, -1, 'the second has synced the entry itself');
  t.strictSame(await files(), [`Meter~${id}`]);
  await journal.remove('Meter');
  t.strictSame(await files(), []);
});

t.test('a change waits for a hold even if the entry before its own failed', async (t) => {
  const { journal } = await openJournal(t);
  const hold = await journal.hold();
  failing.write = 1;
  const first = t.rejects(journal.add('Meter'), { code: 'EIO' });
  let isHeld = true;
  const second = journal.add('Meter').then(() => t.notOk(isHeld, 'it has waited'));
  await first;
  await Promise.race([second, pause(100)]);
  isHeld = false;
  await hold.release();
  await second;
});

t.test('an entry that could not be removed is removed later', async (t) => {
  const { journal, id, files } = await openJournal(t);
  await journal.add('Meter');
  failing.rm = 1;
  await journal.remove('Meter');
  t.strictSame(await files(), [`Meter~${id}`]);
  await journal.takeOver();
  t.strictSame(await files(), []);
  await journal.add('Meter');
  t.strictSame(await files(), [`Meter~${id}`], 'the next change has an entry again');
});

t.test('an entry that could not be left is left later', async (t) => {
  const { journal, files } = await openJournal(t);
  await journal.add('Meter');
  failing.fsync = 1;
  await journal.leave('Meter');
  t.strictSame(await journal.listAbandoned(), [], 'so far, nobody repairs');
  await journal.takeOver();
  t.strictSame(await files(), ['Meter~left']);
  t.strictSame(await journal.listAbandoned(), ['Meter']);
});
