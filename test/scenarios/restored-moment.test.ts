/** `restore --at` a moment between two backups: definitions and versions of that moment, all else from the backup before. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { backup } from '../../registry/services/backup/backup.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { nothingYet, open, refsIn } from '../helpers/backups.ts';
import { registry } from '../helpers/command.ts';
import { startLab } from '../helpers/lab.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

t.setTimeout(600_000);

for (const database of DATABASES) {
  t.test(`a moment between two backups (${database})`, async (t) => {
    const { ada, ben, admin, nano, deps } = await startLab(t, { database });
    const folder = await mkdtemp(join(tmpdir(), 'registry-backups-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const file = (name: string) => join(folder, name);
    const { definitions } = ada.client;
    const save = async (name: string, n: number) =>
      definitions.change((await definitions.byName(name)).id, {
        source_code: measurement(name, n),
      });
    const idOf = async (name: string) => (await definitions.byName(name)).id;
    const take = async (name: string, since?: string) =>
      (
        await backup({ ...deps, version: 'test' }, file(name), {
          ...(since && { since: file(since) }),
        })
      ).manifest;
    for (const name of ['Meter', 'Motor', 'Quiet']) {
      await definitions.create({ name, source_code: measurement(name), lab_id: nano.id });
    }
    const { id: motor } = await definitions.byName('Motor');
    const proposal = await ben.client.definitions.change(motor, { category: 'Proposed' });
    if (!('merge_request' in proposal)) throw new Error('the change was not proposed');
    // Only the earlier backup has the first head of this merge request, if the later one is a full backup.
    const early = await ben.client.definitions.change(await idOf('Meter'), { category: 'Early' });
    if (!('merge_request' in early)) throw new Error('the change was not proposed');
    const full = await take('full');

    // Until the moment: versions, a definition, a verdict, a merge, and a person.
    await save('Meter', 2);
    await definitions.create({ name: 'Later', source_code: measurement('Later'), lab_id: nano.id });
    const quiet = await definitions.byName('Quiet');
    await definitions.revoke(quiet.id, 1, 'it burns');
    const { id: proposed } = proposal.merge_request;
    const { head } = await ada.client.mergeRequests.read(proposed);
    await ada.client.mergeRequests.review(proposed, { verdict: 'approve', head });
    await ada.client.mergeRequests.merge(proposed, { head });
    await admin.client.users.create({
      username: 'eve',
      password: 'password of eve',
      name: 'Eve',
      email: 'eve@lab.example',
    });
    const before = await refsIn(deps);
    // The times in git have milliseconds, and the state's commits have seconds.
    await pause(5);
    const at = new Date();
    await pause(1100);
    await save('Meter', 3);
    await save('Motor', 4);
    await ada.client.mergeRequests.rebase(early.merge_request.id);
    await definitions.reinstate(quiet.id, 1, 'it does not');
    await definitions.create({ name: 'Last', source_code: measurement('Last'), lab_id: nano.id });
    const trail = await deps.store
      .em()
      .execute('select id, hash from audit_events where at <= ? order by id', [at]);
    await take('next', 'full');
    await take('full again');

    const other = await open(await nothingYet(t, 'PGlite'));
    const restored = await restore(other, [file('full'), file('next')], { at });
    t.match(restored, {
      moment: at,
      between: { from: full.made_at, landed: 3, omitted: { 'user.created': 1 } },
    });
    t.same((await fsck(other)).problems, []);
    t.same(await refsIn(other), before, 'the refs of the moment');
    const em = other.store.em();
    const rows = await em.execute<{ name: string; version: number }[]>(
      'select name, version from definitions order by name',
    );
    t.same(
      rows.filter(({ name }) => /^(Meter|Motor|Quiet|Later|Last)$/.test(name)),
      [
        { name: 'Later', version: 1 },
        { name: 'Meter', version: 2 },
        { name: 'Motor', version: 2 },
        { name: 'Quiet', version: 1 },
      ],
    );
    t.same(await em.execute('select state from merge_requests order by id'), [
      { state: 'merged' },
      { state: 'open' },
    ]);
    const entries = await em.execute('select id, hash from audit_events order by id');
    t.same(entries.slice(0, trail.length), trail, 'the audit trail up to the moment');
    t.same(await em.execute(`select 1 from users where username = 'eve'`), []);
    await other.close();
    const said = await registry(
      ['restore', '--at', at.toISOString(), file('full'), file('full again')],
      await nothingYet(t, 'PGlite'),
    );
    t.match(said, {
      code: 0,
      stdout: new RegExp(`as they were at ${at.toISOString()}; 3 versions.*\n.*user.created 1`),
    });
  });
}
