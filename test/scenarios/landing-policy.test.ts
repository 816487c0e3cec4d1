/**
 * A landing is checked at the moment it lands. The flaws: a rollback was requested and approved; then its target was
 * revoked, and it still landed. Also, the record of a version did not state lab and policy. So an admin of two labs
 * could move a definition to the other lab, land, and move it back, or enable `direct_landing` for a minute. Verified:
 * the test changes each input of the decision after the decision and before the refs move, and nothing lands. The
 * record shows the move to the other lab and the change of `direct_landing`.
 */
import t, { type Test } from 'tap';
import type { LabChange } from '../../registry/schemas/people.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { DATABASES, type DatabaseKind, measurement, type Person } from '../helpers/registry.ts';

for (const database of DATABASES) {
  t.test(database, (t) => scenarios(t, database));
}

async function scenarios(t: Test, database: DatabaseKind) {
  const lab = await startLab(t, { database });
  const { admin, ada, ben, nano, other } = lab;
  const eve = await lab.person('eve');
  await admin.client.labs.addMember(nano.id, eve.id, 'admin');
  const policy = (fields: LabChange) => admin.client.labs.change(nano.id, fields);
  const { definitions, mergeRequests } = ada.client;

  let count = 0;
  async function define() {
    const name = `${database}${++count}`;
    const { id } = await definitions.create({
      name,
      source_code: measurement(name),
      lab_id: nano.id,
    });
    return { id, name };
  }
  const save = (name: string, id: number, value: number) =>
    definitions.change(id, { source_code: measurement(name, value) });

  async function request(name: string) {
    const clone = await cloneOf(t, lab, name, ben);
    const head = await clone.commit({ [`${name}.py`]: measurement(name, 50) }, 'Propose');
    const { stderr } = await clone.push('HEAD:refs/for/main');
    return { id: Number(/Merge request !(\d+)/.exec(stderr)?.[1]), head };
  }
  async function requestApproved(name: string) {
    const open = await request(name);
    await mergeRequests.review(open.id, { verdict: 'approve', head: open.head });
    return open;
  }

  /** Runs `change` when a landing of this definition has been decided and its refs are about to move. */
  async function beforeLanding(name: string, change: () => Promise<unknown>) {
    const { repositories } = lab.deps;
    const { addJournalEntry } = repositories;
    repositories.addJournalEntry = async (entry) => {
      if (entry === name) {
        repositories.addJournalEntry = addJournalEntry;
        await change();
      }
      await addJournalEntry.call(repositories, entry);
    };
  }

  await t.test('an approved rollback cannot land a version revoked since', async (t) => {
    const { id, name } = await define();
    await save(name, id, 2);
    await save(name, id, 3);
    await policy({ direct_landing: 'nobody' });
    const { merge_request } = await definitions.rollback(id, 1, 'worked');
    if (!merge_request) throw new Error('the rollback did not open a merge request');
    const { head } = await mergeRequests.read(merge_request.id);
    await eve.client.mergeRequests.review(merge_request.id, { verdict: 'approve', head });
    t.match(await mergeRequests.read(merge_request.id), { can_merge: true });
    await definitions.revoke(id, 1, 'burns the sample');
    const page = await mergeRequests.read(merge_request.id);
    t.match(page, { can_merge: false, blockers: [/version 1, which is revoked \(burns/] });
    for (const more of [{}, { override: 'I know better' }]) {
      const no = await problemOf(mergeRequests.merge(merge_request.id, { head, ...more }));
      t.match(no, { status: 409, detail: /revoked/ });
    }
    await policy({ direct_landing: 'admins' });

    const clone = await cloneOf(t, lab, name, ada);
    await clone.commit({ [`${name}.py`]: measurement(name, 1) }, 'The same by git');
    t.match(await clone.push('HEAD:main'), {
      code: 1,
      stderr: /version 1, which is revoked/,
    });
    const saved = await problemOf(save(name, id, 1));
    t.match(
      saved,
      { status: 409, detail: /version 1, which is revoked/ },
      'a save does not land it either',
    );
    await definitions.reinstate(id, 1, 'it was the sample');
    t.match(await mergeRequests.merge(merge_request.id, { head }), { merged_version: 4 });
  });

  await t.test('changes between the decision and the landing count', async (t) => {
    const changes: Record<
      string,
      (id: number, request: { id: number; head: string }) => Promise<unknown>
    > = {
      'more approvals are required': () => policy({ required_approvals: 2 }),
      'a check is required': () => policy({ required_checks: { bench: eve.id } }),
      'an owner must approve': () => policy({ owners: [{ pattern: '*', users: [eve.id] }] }),
      'an import is banned': () => policy({ banned_imports: ['numpy'] }),
      'the reviewer is not an admin any more': () =>
        admin.client.labs.changeMember(nano.id, ada.id, 'contributor'),
      'the reviewer has left the lab': () => admin.client.labs.removeMember(nano.id, ada.id),
      'the account of the reviewer is disabled': () =>
        admin.client.users.change(ada.id, { disabled: true }),
      'changes are requested': (_, { id, head }) =>
        eve.client.mergeRequests.review(id, { verdict: 'request_changes', head }),
      'the merge request is a draft again': (_, { id }) =>
        ben.client.mergeRequests.edit(id, { draft: true }),
      'the definition is archived': (id) => eve.client.definitions.archive(id),
      'the definition is moved to another lab': (id) =>
        admin.client.definitions.change(id, { lab_id: other.id }),
      'the person who lands it is not an admin any more': () =>
        admin.client.labs.changeMember(nano.id, eve.id, 'contributor'),
    };
    for (const [what, change] of Object.entries(changes)) {
      const { id, name } = await define();
      const open = await requestApproved(name);
      t.match(await mergeRequests.read(open.id), { can_merge: true }, `${what}: before`);
      // The refs are about to move, and the inputs of the decision have just been locked.
      let done: Promise<unknown> | undefined;
      await beforeLanding(name, async () => {
        done = change(id, open);
        await done;
      });
      const no = await problemOf(eve.client.mergeRequests.merge(open.id, { head: open.head }));
      t.ok([403, 404, 409].includes(no.status), `${what}: ${no.status} ${no.detail}`);
      t.ok(done, 'the input changed in between');
      const { version } = await admin.client.definitions.read(id);
      t.equal(version, 1, `${what}: nothing has landed`);
      await policy({
        required_approvals: 1,
        required_checks: {},
        owners: [],
        banned_imports: ['os'],
      });
      await admin.client.users.change(ada.id, { disabled: false });
      for (const { id: user } of [ada, eve]) {
        await admin.client.labs.removeMember(nano.id, user).catch(() => undefined);
        await admin.client.labs.addMember(nano.id, user, 'admin');
      }
    }
  });

  if (database === 'PostgreSQL') {
    await t.test('a change of the policy waits until the refs have moved', async (t) => {
      const { id, name } = await define();
      const open = await requestApproved(name);
      const repository = await lab.deps.repositories.open(name);
      const order: string[] = [];
      let changed: Promise<unknown> | undefined;
      const { land } = repository;
      repository.land = async (landing) => {
        repository.land = land;
        changed = policy({ required_approvals: 2 }).then(() => order.push('policy'));
        const waiting = 'select 1 from pg_locks where not granted';
        while ((await lab.deps.store.em().execute(waiting)).length === 0);
        const versions = await land.call(repository, landing);
        order.push('landed');
        return versions;
      };
      await eve.client.mergeRequests.merge(open.id, { head: open.head });
      await changed;
      t.same(order, ['landed', 'policy']);
      t.match((await definitions.versions(id)).items[0], {
        landed_under: { required_approvals: 1 },
      });
      await policy({ required_approvals: 1 });
    });
  }

  await t.test('every kind of direct landing is checked at that moment', async (t) => {
    const ways: Record<string, (id: number, name: string) => Promise<unknown>> = {
      save: (id, name) => save(name, id, 9),
      rollback: (id) => definitions.rollback(id, 1, 'back'),
      push: async (_, name) => {
        const clone = await cloneOf(t, lab, name, ada);
        await clone.commit({ 'a.txt': 'a\n' }, 'More');
        await beforeLanding(name, () => policy({ direct_landing: 'nobody' }));
        const { code, stderr } = await clone.push('HEAD:main');
        if (code !== 0) throw new Error(stderr);
      },
    };
    for (const [way, go] of Object.entries(ways)) {
      const { id, name } = await define();
      await save(name, id, 2);
      if (way !== 'push') {
        await beforeLanding(name, () => policy({ direct_landing: 'nobody' }));
      }
      await t.rejects(go(id, name), /policy of the lab has changed/, way);
      t.equal((await definitions.read(id)).version, 2, way);
      await policy({ direct_landing: 'admins' });
    }
  });

  await t.test('the record states the lab and policy that a version landed under', async (t) => {
    await admin.client.labs.addMember(other.id, ada.id, 'admin');
    const { id, name } = await define();
    await policy({ direct_landing: 'nobody', required_approvals: 2, banned_imports: ['os'] });
    // First detour: move the definition to another lab, land there, and move it back.
    await definitions.change(id, { lab_id: other.id });
    await save(name, id, 2);
    await definitions.change(id, { lab_id: nano.id });
    // Second detour: enable direct landing for a minute.
    await policy({ direct_landing: 'admins' });
    await save(name, id, 3);
    await policy({ direct_landing: 'nobody' });
    const landingsOf = async () =>
      (await definitions.versions(id)).items.map(({ version, landed_under }) => [
        version,
        landed_under?.lab?.code,
        landed_under?.direct_landing,
        landed_under?.required_approvals,
        landed_under?.allow_self_approval,
      ]);
    const expected = [
      [3, 'nano', 'admins', 2, false],
      [2, 'cold', 'admins', 1, false],
      [1, 'nano', 'admins', 1, false],
    ];
    t.same(await landingsOf(), expected);
    await lab.deps.store.em().execute('update versions set landed_under = null');
    await reindex(lab.deps);
    t.same(await landingsOf(), expected, 'the record in the repository shows the same');

    // Everybody can read a public definition, but not the policy of its lab.
    await definitions.change(id, { is_public: true });
    const repository = await lab.deps.repositories.open(name);
    for (const { record } of await repository.versions()) {
      t.match(record, /"sha256": "[0-9a-f]{64}"/);
      t.notMatch(record, /direct_landing|banned_imports|"nano"|"cold"/, 'the tag is public');
    }
    const guest = await lab.person('guest');
    const seenBy = async ({ client }: Person) =>
      (await client.definitions.versions(id)).items.map(
        ({ landed_under }) => landed_under?.lab?.code ?? null,
      );
    t.same(await seenBy(guest), [null, null, null]);
    const [newest] = await repository.versions();
    const { landed_under } = await guest.client.fleet.provenance(newest?.commit ?? '');
    t.equal(landed_under, null);
    t.same(await seenBy(ben), ['nano', 'cold', 'nano'], 'the lab sees where each version landed');
    await admin.client.labs.addMember(other.id, guest.id, 'viewer');
    t.same(await seenBy(guest), [null, 'cold', null], 'another lab sees only its own landing');
    t.same((await fsck(lab.deps)).problems, []);
    await policy({ direct_landing: 'admins', required_approvals: 1 });
  });
}
