/**
 * Requests could once write columns that no schema named, and the registry still looked intact. After the update,
 * operators want to know whether such a request was sent. Each test forges what such a request left behind. `fsck` must
 * report the forged data, and nothing else.
 */
import t, { type Test } from 'tap';
import { parseRecord, writeRecord } from '../../registry/definitions/record.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { appendAudit } from '../../registry/store/audit.ts';
import { cloneOf } from '../helpers/clone.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { DATABASES, type DatabaseKind, measurement } from '../helpers/registry.ts';

for (const database of DATABASES) {
  await t.test(database, (t) => stories(t, database));
}

async function stories(t: Test, database: DatabaseKind) {
  const lab = await startLab(t, { database });
  const { admin, ada, ben, nano, deps } = lab;
  const sql = (text: string, ...values: unknown[]) => deps.store.em().execute(text, values);
  const problems = async () =>
    (await fsck(deps)).problems.map(({ where, problem }) => `${where}: ${problem}`);
  await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  const meter = () => ada.client.definitions.byName('Meter');

  await t.test('fsck reports no misuse in a registry without any', async (t) => {
    const { id, head } = await propose(t, lab, 'work', 'one\n');
    await ben.client.mergeRequests.edit(id, { title: 'Better', draft: true });
    await ben.client.mergeRequests.edit(id, { draft: false });
    await ada.client.mergeRequests.review(id, { verdict: 'approve', head });
    await ada.client.definitions.change((await meter()).id, { category: 'Meters' });
    await ada.client.mergeRequests.merge(id, { head });
    await admin.client.users.change(ben.id, { password: 'another password', name: 'Benedict' });
    await admin.client.users.change(ben.id, { disabled: true });
    await admin.client.users.change(ben.id, { disabled: false });
    await ada.client.labs.change(nano.id, { required_approvals: 2, owners: [] });
    await ada.client.labs.change(nano.id, { required_approvals: 1 });
    const { instruments } = ada.client;
    const made = await instruments.create({ name: 'Free', specifications: { a: 1 } });
    await instruments.change(made.id, { location: 'Room 1', extra_data: { b: 2 } });
    t.same(await problems(), []);
  });

  await t.test('fsck reports a merge request marked as merged without a version', async (t) => {
    const { id } = await propose(t, lab, 'stated', 'two\n');
    await sql(`update merge_requests set state = 'merged' where id = ?`, id);
    t.same(await problems(), [`Meter !${id}: is merged, but names no version`]);
    await sql('update merge_requests set merged_version = 1 where id = ?', id);
    t.match(await problems(), [
      /^Meter !\d+: is merged as version 1, but the definition has no such version/,
    ]);
    await sql(`update merge_requests set state = 'open' where id = ?`, id);
    t.match(await problems(), [
      /^Meter !\d+: is open, but its row says that it landed as version 1/,
    ]);
    await sql(
      `update merge_requests set state = 'opening', merged_version = null,
         updated_at = now() - interval '2 hours' where id = ?`,
      id,
    );
    t.same(await problems(), [
      `Meter !${id}: is hidden, because its row says that it is still being opened`,
    ]);
    await sql(`update merge_requests set state = 'open' where id = ?`, id);
    t.same(await problems(), []);
  });

  await t.test('fsck reports ended sessions that became valid again', async (t) => {
    await sql('update users set session_epoch = 0 where id = ?', ben.id);
    t.match(await problems(), [/^user ben: its sessions were ended 2 times, but its counter is 0/]);
    await sql('update users set session_epoch = 2 where id = ?', ben.id);
    t.same(await problems(), []);
  });

  await t.test('fsck reports a version that differs from what was approved', async (t) => {
    const { id, head } = await propose(t, lab, 'approved', 'harmless\n');
    await ada.client.mergeRequests.review(id, { verdict: 'approve', head });
    // Lands a version as the registry did after such a request had copied the key of one head to another.
    const repository = await deps.repositories.open('Meter');
    const { head: main, version, state } = await repository.tip();
    const bytes = Buffer.from('harmful\n');
    const who = { name: 'Eve', email: 'eve@lab.example', at: new Date() };
    const commit = await repository.commit({
      parent: main,
      changes: new Map([['notes.txt', bytes]]),
      author: who,
      committer: who,
      message: 'Change notes\n',
    });
    t.ok(state && version > 1);
    const [last] = await repository.versions();
    const record = {
      ...parseRecord(last?.record ?? ''),
      id: (await meter()).id,
      name: 'Meter',
      version: version + 1,
      commit,
      merge_request: id,
      approvals: [
        {
          by: { id: ada.id, username: 'ada', name: 'Ada', email: 'ada@lab.example' },
          at: new Date().toISOString(),
          head,
        },
      ],
    };
    await repository.land({
      head: main,
      versions: [{ commit, record: writeRecord(record) }],
      tagger: who,
    });
    const found = await problems();
    const named = `Meter: v${version + 1} differs from what ada approved: its changes are not those of ${head}`;
    t.ok(found.includes(named), found.join('\n'));
  });

  await t.test(
    'fsck reports an audit entry with columns that such a change does not write',
    async (t) => {
      for (const [action, after, named] of [
        ['merge_request.edited', { title: 'x', changes: 'a'.repeat(64) }, 'changes'],
        ['merge_request.edited', { title: 'x', lab_id: 2, state: 'merged' }, 'lab_id, state'],
        ['user.changed', { name: 'x', password_hash: 'x' }, 'password_hash'],
        ['lab.changed', { name: 'x', password_hash: 'x' }, 'password_hash'],
        ['instrument.changed', { name: 'x', token_hash: 'x' }, 'token_hash'],
      ] as const) {
        await deps.store.transaction(async (em) => {
          await appendAudit(em, {
            ...{ actor_id: ben.id, actor: 'ben', action, subject_type: 'x', subject_id: 9 },
            ...{ subject: 'Meter !9', lab_id: null, before: {}, after, address: null },
            token_name: null,
          });
        });
        const complaint = `${action}\\): ben wrote ${named} of Meter !9`;
        t.ok(
          (await problems()).some((one) => new RegExp(complaint).test(one)),
          complaint,
        );
      }
    },
  );
}

async function propose(t: Test, lab: TestLab, branch: string, text: string) {
  const clone = await cloneOf(t, lab, 'Meter', lab.ben);
  await clone.git('checkout', '-q', '-b', branch);
  const head = await clone.commit({ 'notes.txt': text }, 'Change notes');
  const { stderr } = await clone.push(branch);
  return { id: Number(/!(\d+)/.exec(stderr)?.[1]), head };
}
