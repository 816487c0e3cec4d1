/**
 * PostgreSQL's point-in-time recovery, as docs/backup.md describes it: the database goes back to a moment before a
 * mistake, and the repositories stay as they are. The registry notices it and follows git.
 */
import { execFile } from 'node:child_process';
import { chown, cp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { confirmRestore } from '../../registry/services/backup/confirm.ts';
import { OPERATOR } from '../../registry/services/caller.ts';
import { agree } from '../../registry/services/repair/agreement.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import type { Store } from '../../registry/store/open.ts';
import { syncStamps } from '../../registry/store/sync.ts';
import { open } from '../helpers/backups.ts';
import { serve } from '../helpers/command.ts';
import { untilChanged } from '../helpers/folder-changes.ts';
import { enrolComputer, startLab } from '../helpers/lab.ts';
import { serverFolder, startPostgres } from '../helpers/postgres-server.ts';
import { measurement, type Person } from '../helpers/registry.ts';

t.setTimeout(240_000);
const run = promisify(execFile);

/** Copies the folder of a running server. `pg_basebackup` does the same. */
async function copyBase(store: Store, data: string, to: string): Promise<void> {
  const label = await store.hold(async (em) => {
    await em.execute(`select pg_backup_start('base', fast => true)`);
    await run('cp', ['-a', data, to]);
    const [row] = await em.execute<[{ labelfile: string }]>(
      'select labelfile from pg_backup_stop()',
    );
    return row.labelfile;
  });
  await rm(join(to, 'postmaster.pid'));
  const log = join(to, 'pg_wal');
  for (const name of await readdir(log)) await rm(join(log, name), { recursive: true });
  const { uid, gid } = await stat(to);
  for (const [name, text] of [
    ['backup_label', label],
    ['recovery.signal', ''],
  ] as const) {
    await writeFile(join(to, name), text);
    await chown(join(to, name), uid, gid);
  }
}

/** The number of the only computer's list. */
const numberIn = (stamps: Awaited<ReturnType<typeof syncStamps>>): number =>
  [...stamps.values()][0]?.number ?? 0;

t.test('the database is recovered to a moment, and the repositories are newer', async (t) => {
  const folder = await serverFolder();
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const server = await startPostgres({
    more: {
      archive_mode: 'on',
      archive_command: `cp %p ${folder}/part && mv ${folder}/part ${folder}/%f`,
    },
  });
  t.teardown(() => server.close());
  const lab = await startLab(t, { databaseUrl: server.url('postgres') });
  const { ada, ben, cleo, admin, nano, deps, dataDir } = lab;
  const { definitions, mergeRequests } = ada.client;
  const create = (name: string) =>
    definitions.create({ name, source_code: measurement(name), lab_id: nano.id });
  const propose = async (id: number, category: string) => {
    const made = await ben.client.definitions.change(id, { category });
    if (!('merge_request' in made)) throw new Error('the change was not proposed');
    return made.merge_request.id;
  };
  const standing = await agree(deps);
  const computer = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const meter = await create('Meter');
  const motor = await create('Motor');
  const quiet = await create('Quiet');
  await copyBase(deps.store, server.data, join(folder, 'base'));

  // Until the moment.
  await definitions.change(meter.id, { source_code: measurement('Meter', 2) });
  const merged = await propose(motor.id, 'Stages');
  const moved = await propose(quiet.id, 'Silent');
  await admin.client.labs.addMember(nano.id, lab.dan.id, 'contributor');
  const em = deps.store.em();
  const [{ at }] = await em.execute<[{ at: string }]>('select clock_timestamp()::text as at');

  // After the moment: a wrong version, and changes that git knows or that only the database knows.
  await definitions.change(meter.id, { source_code: measurement('Meter', 666) });
  const { head } = await mergeRequests.read(merged);
  await mergeRequests.review(merged, { verdict: 'approve', head });
  await mergeRequests.merge(merged, { head });
  await definitions.change(quiet.id, { source_code: measurement('Quiet', 2) });
  await mergeRequests.rebase(moved);
  await definitions.revoke(quiet.id, 1, 'it burns');
  const late = await create('Late');
  const opened = await propose(late.id, 'New');
  await admin.client.labs.removeMember(nano.id, cleo.id);
  await standing.keep();
  const index = async (store: Store) => ({
    definitions: await store.em().execute('select * from definitions order by id'),
    versions: await store.em().execute('select * from versions order by definition_id, version'),
  });
  const before = await index(deps.store);
  const asked = [{ id: computer.id, lab_id: nano.id }];
  const seen = numberIn(await syncStamps(em, asked));
  const [{ log }] = await em.execute<[{ log: string }]>(
    'select pg_walfile_name(pg_switch_wal()) as log',
  );
  await untilChanged(folder, async () => (await readdir(folder)).includes(log));

  const recovered = await startPostgres({
    existing: join(folder, 'base'),
    more: {
      restore_command: `cp ${folder}/%f %p`,
      recovery_target_time: at,
      recovery_target_action: 'promote',
    },
  });
  t.teardown(() => recovered.close());
  const copy = join(folder, 'data');
  await cp(dataDir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  const settings = { DATA_DIR: copy, DATABASE_URL: recovered.url('postgres') };
  const other = await open(settings);
  const older = { code: 'incomplete', message: /older than the repositories.*registry reindex/ };
  await t.rejects(agree(other), older, 'a start says what to do');
  const places = async () => new Set((await fsck(other)).problems.map(({ where }) => where));
  t.same(await places(), new Set(['registry', 'Late', 'Meter', 'Motor', 'Quiet']));
  t.match(await reindex(other), { definitions: 4, missing: [], skipped: [] });
  t.same(await places(), new Set());
  t.same(await index(other.store), before, 'definitions and versions are those of git');
  const proposals = 'select id, state, head, base from merge_requests order by id';
  const rows = await em.execute<{ id: number }[]>(proposals);
  t.same(
    await other.store.em().execute(proposals),
    rows.filter(({ id }) => id !== opened),
    'a merge request that the database has follows git, and one that it lacks is lost',
  );
  const pushers = await other.store
    .em()
    .execute('select pushed_by from merge_request_heads where merge_request_id = ?', [moved]);
  t.same(pushers, [{ pushed_by: ben.id }, { pushed_by: ben.id }], 'its author may not approve it');
  await confirmRestore(other, OPERATOR, 'Ada');
  const now = await syncStamps(other.store.em(), asked);
  t.ok(numberIn(now) > seen, 'computers accept the lists');
  await other.close();

  const started = await serve(settings);
  t.teardown(async () => {
    started.signal('SIGTERM');
    await started.ended;
  });
  t.equal((await fetch(`${started.url}/readyz`)).status, 200);
  const client = ({ token }: Person) => createClient({ url: started.url, token });
  const members = await client(admin).labs.members(nano.id);
  t.ok(
    members.items.some(({ username }) => username === 'cleo'),
    'what only the database has is back',
  );
  await client(ada).definitions.rollback(meter.id, 2, 'a wrong version');
  t.match(await client(ada).definitions.byName('Meter'), { version: 4 });
  const { head: newest } = await client(ada).mergeRequests.read(moved);
  await client(ada).mergeRequests.review(moved, { verdict: 'approve', head: newest });
  await client(ada).mergeRequests.merge(moved, { head: newest });
  const next = await client(ben).definitions.change(late.id, { category: 'Newer' });
  t.ok('merge_request' in next && next.merge_request.id > opened, 'no number is used again');
});
