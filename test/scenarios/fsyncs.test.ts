/** Tests what a landing syncs to disk, file by file: the table in docs/performance.md ("Calls of fsync"). */
import fs from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

const lab = await startLab(t);

/** The files and folders that were synced, relative to the data folder. Ids are replaced by `*`. */
let synced: string[] = [];

/** How many syncs have begun and not ended. */
let running = 0;
/** How many syncs were running, and which had ended, each time that new refs took the place of old ones. */
let moves: { running: number; synced: string[] }[] = [];
/** Syncs of these paths fail. */
let failing: RegExp | undefined;

/** The git layer syncs and moves refs with these functions alone. */
const { fsync } = fs;
const { rename } = fs.promises;
t.teardown(() => {
  fs.fsync = fsync;
  fs.promises.rename = rename;
  syncBuiltinESMExports();
});
fs.fsync = ((file, done) => {
  const path = relative(lab.dataDir, fs.readlinkSync(`/proc/self/fd/${file}`));
  if (path.startsWith('..')) return fsync(file, done);
  if (failing?.test(path)) return setImmediate(done, new Error('no space is left'));
  running += 1;
  return fsync(file, (error) => {
    running -= 1;
    synced.push(
      path
        .replace(/(?<=packed-refs.lock\/|\.workshop\/).*/, '*')
        .replace(/objects\/[0-9a-f]{2}/, 'objects/*'),
    );
    done(error);
  });
}) as typeof fsync;
fs.promises.rename = async (from, to) => {
  if (`${to}`.endsWith('/packed-refs')) moves.push({ running, synced: [...synced] });
  await rename(from, to);
};
syncBuiltinESMExports();

/** Counts how often the work syncs each file. */
async function syncedBy(work: () => Promise<unknown>): Promise<Record<string, number>> {
  synced = [];
  moves = [];
  await work();
  return countOf(synced);
}

function countOf(paths: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const path of paths.toSorted()) counts[path] = (counts[path] ?? 0) + 1;
  return counts;
}

/** The expected syncs of a landing with `objects` new objects, each in its own folder, and a tag. */
const landing = (name: string, objects: number) => ({
  journal: 1,
  [`repos/${name}.git`]: 1,
  [`repos/${name}.git/objects`]: 2,
  [`repos/${name}.git/objects/*`]: objects + 1,
  'repos/.workshop/*': objects + 1,
  [`repos/${name}.git/packed-refs.lock/*`]: 1,
});

const elsewhere = process.platform !== 'linux' && 'only Linux tells which file a descriptor has';

t.test(
  'a landing syncs new objects, their folders, the refs and the journal',
  { skip: elsewhere },
  async (t) => {
    const { client, token } = lab.ada;
    const name = 'Synced1';
    const { id } = await client.definitions.create({ name, source_code: measurement(name) });
    // Objects whose ids start alike share a folder. The test tries a few revisions until no two objects share a folder.
    const folders = (counts: Record<string, number>) => counts[`repos/${name}.git/objects/*`];
    const distinct = async (work: (revision: number) => Promise<unknown>, first: number) => {
      for (let revision = first; ; revision += 1) {
        const counts = await syncedBy(() => work(revision));
        if (folders(counts) === 4) return counts;
      }
    };
    const saved = await distinct(
      (revision) => client.definitions.change(id, { source_code: measurement(name, revision) }),
      10,
    );
    t.same(saved, landing(name, 3), 'a save');
    const { [`repos/${name}.git`]: folder, ...before } = saved;
    t.same(
      moves.map(({ running, synced }) => ({ running, counts: countOf(synced) })),
      [{ running: 0, counts: before }],
      'everything is durable before the refs move, except the move itself',
    );
    t.equal(folder, 1);

    const clone = join(t.testdir(), name);
    await git(['clone', '-q', lab.gitUrl(name, token), clone]);
    const pushed = await distinct(async (revision) => {
      await writeFile(join(clone, `${name}.py`), measurement(name, revision));
      await git(['commit', '-qam', `Revision ${revision}`], { cwd: clone });
      await git(['push', '-q', 'origin', 'main'], { cwd: clone });
    }, 1000);
    t.same(pushed, landing(name, 3), 'a push');
  },
);

t.test(
  'a version whose files could not be synced does not exist',
  { skip: elsewhere },
  async (t) => {
    const { client } = lab.ada;
    const name = 'Unsynced2';
    const { id } = await client.definitions.create({ name, source_code: measurement(name) });
    const save = (revision: number) =>
      client.definitions.change(id, { source_code: measurement(name, revision) });
    const places = {
      'an object': /\.workshop\/.*\/object-/,
      'a folder of objects': /Unsynced2\.git\/objects\/..$/,
      'the new refs': /Unsynced2\.git\/packed-refs\.lock\//,
    };
    const refs = join(lab.dataDir, 'repos', `${name}.git`, 'packed-refs');
    const before = await readFile(refs, 'utf8');
    for (const [what, paths] of Object.entries(places)) {
      failing = paths;
      await t.rejects(save(2), what);
      failing = undefined;
      t.equal(await readFile(refs, 'utf8'), before, `${what}: no ref has moved`);
      t.equal((await client.definitions.read(id)).version, 1);
    }
    const left = (await readdir(join(lab.dataDir, 'journal'))).filter((file) =>
      file.includes(name),
    );
    t.same(left, [], 'no journal entry is left, so a backup need not wait');
    t.equal((await save(3)).version, 2, 'a later save lands');
    await git(['fsck', '--strict', '--no-dangling'], { cwd: dirname(refs) });
  },
);
