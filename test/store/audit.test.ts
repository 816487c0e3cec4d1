import t from 'tap';
import * as audit from '../../registry/store/audit.ts';
import { openStore, type Store } from '../../registry/store/open.ts';
import { onEachDatabase } from '../helpers/databases.ts';

const entry: audit.AuditEntry = {
  actor_id: 1,
  actor: 'ada',
  action: 'lab.changed',
  subject_type: 'lab',
  subject_id: 7,
  subject: 'OPT',
  lab_id: 7,
  before: { z: 1, a: [1.5, 1e21, -0, null, 'µ "\\'] },
  after: { nested: { b: true, a: {} } },
  address: '127.0.0.1',
  token_name: null,
};

const append = (store: Store, changes: Partial<audit.AuditEntry> = {}) =>
  store.transaction((em) => audit.appendAudit(em, { ...entry, ...changes }));

async function idsOf(events: AsyncIterable<{ id: number }>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
}

await onEachDatabase(t, 'entries can be added but not changed or deleted', async (t, store) => {
  await append(store);
  for (const sql of [
    "update audit_events set actor = 'eve'",
    'delete from audit_events',
    'truncate audit_events',
    'delete from audit_events where id = 999',
  ]) {
    await t.rejects(store.em().execute(sql), /append-only/, sql);
  }
  t.match(await audit.listAudit(store.em(), { page: 1, perPage: 10 }), { total: 1 });
});

await onEachDatabase(
  t,
  'verifying a changed audit chain finds the first wrong entry',
  async (t, store) => {
    t.equal(await audit.verifyAuditChain(store.em()), null, 'an empty chain is valid');
    const events = [];
    for (let i = 0; i < 5; i++) events.push(await append(store, { subject_id: i }));
    t.equal(await audit.verifyAuditChain(store.em()), null);
    const id = events.map((event) => event.id);

    // The owner of the database can disable the triggers. The audit chain then reveals changed entries.
    await store.em().execute('alter table audit_events disable trigger user');
    const broken = async (tamper: string) => {
      let found: number | null = null;
      const undo = new Error('undo');
      await t.rejects(
        store.transaction(async (em) => {
          await em.execute(tamper);
          found = await audit.verifyAuditChain(em);
          throw undo;
        }),
        undo,
      );
      return found;
    };
    t.equal(await broken(`update audit_events set actor = 'eve' where id = ${id[2]}`), id[2]);
    t.equal(await broken(`update audit_events set after = null where id = ${id[0]}`), id[0]);
    t.equal(
      await broken(`update audit_events set at = at + interval '1 ms' where id = ${id[4]}`),
      id[4],
    );
    t.equal(
      await broken(`delete from audit_events where id = ${id[1]}`),
      id[2],
      'an entry was removed',
    );
    t.equal(
      await broken(`delete from audit_events where id = ${id[0]}`),
      id[1],
      'the first entry was removed',
    );
    t.equal(await audit.verifyAuditChain(store.em()), null, 'the chain is valid again');
  },
);

await onEachDatabase(t, 'concurrent writers create one chain', async (t, store, { options }) => {
  const second = store.embedded ? store : await openStore(options);
  if (second !== store) t.teardown(() => second.close());
  const failed = new Error('rolled back');
  const work = Array.from({ length: 40 }, (_, i) =>
    (i % 2 ? store : second).transaction(async (em) => {
      await audit.appendAudit(em, { ...entry, subject_id: i });
      if (i % 5 === 0) throw failed;
    }),
  );
  const outcomes = await Promise.allSettled(work);
  t.same(
    outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])),
    Array(8).fill(failed),
  );
  t.equal((await idsOf(audit.streamAudit(store.em()))).length, 32);
  t.equal(await audit.verifyAuditChain(store.em()), null);
});

await onEachDatabase(
  t,
  'the audit trail is listed newest first, with filters',
  async (t, store) => {
    await append(store, { lab_id: 1, action: 'lab.created' });
    await append(store, { lab_id: 2, actor_id: 5 });
    const last = await append(store, { lab_id: null });
    const count = async (filters: audit.AuditFilters) => {
      const { total } = await audit.listAudit(store.em(), { page: 1, perPage: 1, filters });
      t.equal((await idsOf(audit.streamAudit(store.em(), filters))).length, total);
      return total;
    };
    const { items } = await audit.listAudit(store.em(), { page: 1, perPage: 2 });
    t.match(items[0], { ...entry, lab_id: null, id: last.id, at: last.at });
    t.equal(items.length, 2);
    t.equal(await count({}), 3);
    t.equal(await count({ lab_ids: [1, 2] }), 2);
    t.equal(await count({ lab_ids: [] }), 0);
    t.equal(await count({ action: 'lab.created' }), 1);
    t.equal(await count({ actor_id: 5 }), 1);
    t.equal((await count({ since: last.at })) >= 1, true);
    t.equal(await count({ until: new Date(0) }), 0);
  },
);
