/** Tests what a landing syncs to disk, file by file: the table in docs/performance.md ("Calls of fsync"). */
import { readlinkSync } from 'node:fs';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import t from 'tap';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

const lab = await startLab(t);

/** The files and folders that were synced, relative to the data folder. Ids are replaced by `*`. */
let synced: string[] = [];

/** The git layer calls this method for every sync. */
const handle = await open(import.meta.filename);
const prototype = Object.getPrototypeOf(handle) as FileHandle;
await handle.close();
const { sync } = prototype;
t.teardown(() => {
  prototype.sync = sync;
});
prototype.sync = async function (this: FileHandle) {
  const path = relative(lab.dataDir, readlinkSync(`/proc/self/fd/${this.fd}`));
  if (!path.startsWith('..')) {
    synced.push(path.replace(/tmp_obj_.*/, '*').replace(/objects\/[0-9a-f]{2}/, 'objects/*'));
  }
  return await sync.call(this);
};

/** Counts how often the work syncs each file. */
async function syncedBy(work: () => Promise<unknown>): Promise<Record<string, number>> {
  synced = [];
  await work();
  const counts: Record<string, number> = {};
  for (const path of synced.sort()) counts[path] = (counts[path] ?? 0) + 1;
  return counts;
}

/** The expected syncs of a landing with `objects` new objects, each in its own folder, and a tag. */
const landing = (name: string, objects: number) => ({
  journal: 1,
  [`repos/${name}.git`]: 1,
  [`repos/${name}.git/objects`]: 2,
  [`repos/${name}.git/objects/*`]: objects + 1,
  [`repos/${name}.git/objects/*/*`]: objects + 1,
  [`repos/${name}.git/packed-refs.next`]: 1,
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
