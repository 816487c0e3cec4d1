/** A lab's registry is backed up while people work, and restored elsewhere on the other kind of database. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import type { Deps } from '../../registry/open.ts';
import { backup } from '../../registry/services/backup/backup.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { rowsOf, tablesOf } from '../../registry/store/dump.ts';
import { atWork, nothingYet, open, refsIn } from '../helpers/backups.ts';
import { registry, serve } from '../helpers/command.ts';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(300_000);

/** Stamps that only the timeline of a restore changes. */
const OF_RESTORE = /"kind": "(timeline|unaudited)"/;

/** Every row as text, by table. Leaves out the stamps that only the timeline of a restore changes. */
async function rowsIn({ store }: Deps): Promise<Record<string, string[]>> {
  return await store.snapshot(async (em) => {
    const all: Record<string, string[]> = {};
    for (const table of await tablesOf(em)) {
      all[table.name] = [];
      for await (const lines of rowsOf(em, table))
        all[table.name]?.push(
          ...lines.filter((line) => table.name !== 'sync_stamps' || !OF_RESTORE.test(line)),
        );
    }
    return all;
  });
}

for (const [from, to] of [
  ['PGlite', 'PostgreSQL'],
  ['PostgreSQL', 'PGlite'],
] as const) {
  t.test(`a backup of a registry on ${from} is restored on ${to}`, async (t) => {
    const lab = await startLab(t, { database: from });
    const { ada, cleo, deps } = lab;
    for (const name of ['Meter', 'Shared']) {
      await ada.client.definitions.create({ name, source_code: measurement(name) });
    }
    const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const [busy, quiet] = [join(folder, 'busy'), join(folder, 'quiet')];

    const people = atWork(lab);
    await people.busy;
    const before = { ...people.done };
    const { manifest, unsettled } = await backup({ ...deps, version: 'test' }, busy);
    t.same(unsettled, []);
    await people.stop();
    t.ok(
      people.done.landed > before.landed && people.done.made > before.made,
      'people could continue during the backup',
    );
    t.equal((await stat(busy)).mode & 0o777, 0o600);
    t.same((await readdir(folder)).sort(), ['busy'], 'no other file is left');

    const other = await open(await nothingYet(t, to));
    t.teardown(() => other.close());
    const restored = await restore(other, busy);
    t.same(restored, { ...manifest, moment: new Date(manifest.made_at) });
    t.same((await fsck(other)).problems, [], 'git and database are from one moment');
    // The timeline of the restore is the only row that is not in the backup.
    const { timelines, ...rows } = await rowsIn(other);
    t.match(
      timelines?.map((line) => JSON.parse(line)),
      [{ restored_from: String, confirmed_at: null }],
    );
    const entries = unzipSync(await readFile(busy));
    for (const [table, lines] of Object.entries(rows)) {
      const text = Buffer.from(entries[`database/${table}.jsonl`] ?? '').toString();
      // A backup of the embedded database has rows that were added while it ran at the end.
      t.same(text.split('\n').slice(0, -1).sort(), lines.sort(), table);
    }
    const proposals = (rows.merge_requests ?? []).map((line) => JSON.parse(line));
    const refs = await refsIn(other);
    t.same(
      Object.values(refs)
        .flatMap((all) => all as [string, { oid: string }][])
        .filter(([ref]) => ref.startsWith('refs/merge-requests/'))
        .map(([ref, { oid }]) => [ref, oid])
        .sort(),
      proposals.map(({ id, head }) => [`refs/merge-requests/${id}/head`, head]).sort(),
      'the heads of merge requests are restored too',
    );
    t.ok(proposals.length > 0);

    await backup({ ...deps, version: 'test' }, quiet);
    const [rowsBefore, refsBefore] = [await rowsIn(deps), await refsIn(deps)];
    const settings = await nothingYet(t, to);
    const done = await registry(['restore', quiet], settings);
    t.match(done, { code: 0, stdout: / 0 problems\.\n$/ });
    t.match(
      done.stdout,
      /run: npx registry confirm-restore --by /,
      'the command is printed with its options',
    );
    const again = await registry(['restore', quiet], settings);
    t.match(again, { code: 1, stderr: /only into an empty registry/ });
    const copy = await open(settings);
    t.same(
      { ...(await rowsIn(copy)), timelines: [] },
      { ...rowsBefore, timelines: [] },
      'row by row',
    );
    t.same(await refsIn(copy), refsBefore, 'ref by ref');
    await copy.close();

    const server = await serve(settings);
    t.teardown(() => server.signal('SIGKILL'));
    const client = createClient({ url: server.url, token: ada.token });
    t.match(await client.me(), { user: { username: 'ada' } }, 'tokens work as they did');
    const meter = await client.definitions.byName('Meter');
    t.equal(meter.head, (await ada.client.definitions.byName('Meter')).head);
    const clone = join(folder, 'clone');
    const url = new URL(`${server.url}/definitions/Meter.git`);
    url.username = 'git';
    url.password = cleo.token;
    await git(['clone', '-q', url.href, clone], { cwd: folder });
    const next = await client.definitions.change(meter.id, { category: 'Moved' });
    t.equal(next.version, (meter.version ?? 0) + 1, 'the registry continues to work');
    const { token } = await createClient({ url: server.url }).login('ben', 'password of ben');
    t.ok(token, 'passwords too');
    server.signal('SIGTERM');
    await server.ended;
  });
}

t.test('an incomplete backup is refused and leaves nothing behind', async (t) => {
  const { ada, deps } = await startLab(t);
  await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const whole = join(folder, 'whole');
  await backup({ ...deps, version: 'test' }, whole);
  const content = await readFile(whole);
  const at = (text: string) => content.indexOf(text) + text.length + 40;
  const withByte = (place: number, byte: (before: number) => number) => {
    const copy = Buffer.from(content);
    copy[place] = byte(copy[place] as number);
    return copy;
  };
  const withFlippedBit = (place: number) => withByte(place, (before) => before ^ 1);
  const broken: Record<string, Buffer> = {
    'cut off': content.subarray(0, content.length - 200),
    nothing: Buffer.alloc(0),
    'a bit of the rows': withFlippedBit(at('database/definitions.jsonl')),
    'a bit of a repository': withFlippedBit(at('repositories/Meter.bundle')),
    // The id of a ref is at this position.
    'a ref of a repository': withByte(at('repositories/Meter.bundle'), () => 'z'.charCodeAt(0)),
    'a bit of a key': withFlippedBit(at('keys/signing-keys.json')),
  };
  const settings = await nothingYet(t, 'PGlite');
  const empty = await open(settings);
  t.teardown(() => empty.close());
  for (const [what, bytes] of Object.entries(broken)) {
    await writeFile(join(folder, 'broken'), bytes);
    await t.rejects(restore(empty, join(folder, 'broken')), { code: 'invalid' }, what);
    t.same(await empty.repositories.list(), [], what);
    t.same(await readdir(empty.keysFolder).catch(() => []), [], what);
    t.ok(
      Object.values(await rowsIn(empty)).every((lines) => lines.length === 0),
      what,
    );
  }
  await t.rejects(restore(empty, join(folder, 'absent')), { code: 'ENOENT' });
  await restore(empty, whole);
  t.same((await fsck(empty)).problems, [], 'the intact backup is accepted afterwards');
  await t.rejects(backup({ ...deps, version: 'test' }, join(folder, 'no', 'where')), {
    code: 'invalid',
  });
  await ada.client.definitions.change(1, { category: 'Goes on' });
});
