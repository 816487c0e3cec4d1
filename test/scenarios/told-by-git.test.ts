/**
 * The flaw: the registry read from database columns whether an approval was valid and which lab decided. Whoever could
 * write these columns could land changes that nobody had reviewed, or land in another lab. Now git decides about
 * approvals, and the definition decides about the lab. This test writes the columns with SQL, bypassing the API, in
 * every way that used to matter.
 */
import t from 'tap';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

for (const database of DATABASES) {
  await t.test(database, async (t) => {
    const lab = await startLab(t, { database });
    const { admin, ada, ben, dan, nano, other, deps } = lab;
    const eve = await lab.person('eve');
    await admin.client.labs.addMember(nano.id, eve.id, 'admin');
    await ada.client.labs.change(nano.id, { direct_landing: 'nobody' });
    const reads = ada.client.mergeRequests.read;
    const sql = (text: string, ...values: unknown[]) => deps.store.em().execute(text, values);
    const column = async (name: string, id: number) =>
      (await sql(`select ${name} as value from merge_requests where id = ?`, id))[0]?.value;

    /** Ben proposes a harmless change and Ada approves it. Then Eve pushes another change to the same merge request. */
    async function proposeTwice(name: string) {
      const made = await ada.client.definitions.create({
        name,
        lab_id: nano.id,
        source_code: measurement(name),
        override: 'to begin with',
      });
      const clone = await cloneOf(t, lab, name, ben);
      await clone.git('checkout', '-q', '-b', 'work');
      const approved = await clone.commit({ 'notes.txt': 'harmless\n' }, 'Add notes');
      const { stderr } = await clone.push('work');
      const id = Number(/!(\d+)/.exec(stderr)?.[1]);
      await ada.client.mergeRequests.review(id, { verdict: 'approve', head: approved });
      const key = await column('changes', id);
      t.equal((await reads(id)).can_merge, true);
      const eves = await cloneOf(t, lab, name, eve);
      await eves.git('checkout', '-q', 'work');
      const head = await eves.commit({ 'notes.txt': 'harmful\n' }, 'Change notes');
      await eves.push('work');
      t.equal((await reads(id)).can_merge, false);
      return { id, definition: made.id, approved, head, key };
    }

    await t.test('an approval is valid for the changes that git shows for its head', async (t) => {
      const { id, approved, head, key } = await proposeTwice('Meter');
      const forgeries = [
        ['update merge_requests set changes = ? where id = ?', key, id],
        ['update merge_request_heads set changes = ? where merge_request_id = ?', key, id],
        ['update reviews set changes = (select changes from merge_requests where id = ?)', id],
        ['update merge_requests set base = ? where id = ?', approved, id],
        ['update merge_request_heads set base = ? where merge_request_id = ?', approved, id],
      ] as const;
      const [version] = (await ada.client.definitions.list()).items;
      for (const [text, ...values] of forgeries) {
        await sql(text, ...values);
        const page = await reads(id);
        t.match(page, { can_merge: false, base: version?.head }, text);
        t.match(page.reviews, [{ standing: false, why: /earlier head with different changes/ }]);
        t.match(
          await problemOf(eve.client.mergeRequests.merge(id, { head })),
          { status: 409 },
          text,
        );
      }
      t.equal((await ada.client.definitions.byName('Meter')).version, 1);

      await ada.client.mergeRequests.review(id, { verdict: 'approve', head });
      const merged = await eve.client.mergeRequests.merge(id, { head });
      t.equal(merged.merged_version, 2, 'it lands once these changes are approved');
    });

    await t.test('an approval whose head is gone no longer counts', async (t) => {
      const { id, approved } = await proposeTwice('Gone');
      await sql(`update reviews set head = ? where head = ?`, 'a'.repeat(40), approved);
      t.match(await reads(id), {
        can_merge: false,
        reviews: [{ standing: false, why: /earlier head that no longer exists/ }],
      });
    });

    await t.test('a merge request belongs to the lab of its definition', async (t) => {
      const { id, definition, head } = await proposeTwice('Place');
      await sql('update merge_requests set lab_id = ? where id = ?', other.id, id);
      await sql(`update merge_requests set definition = 'Meter' where id = ?`, id);
      t.equal(await column('lab_id', id), nano.id);
      t.match(await reads(id), { lab_id: nano.id, definition: { name: 'Place' } });
      const { mergeRequests } = dan.client;
      t.match(await problemOf(mergeRequests.read(id)), { status: 404 });
      const forced = mergeRequests.merge(id, { head, override: 'mine now' });
      t.match(await problemOf(forced), { status: 404 });
      t.same((await mergeRequests.list()).items, []);

      await admin.client.definitions.change(definition, { lab_id: other.id });
      t.match(
        await mergeRequests.read(id),
        { lab_id: other.id },
        'the merge request moves with it',
      );
      t.match(await problemOf(reads(id)), { status: 404 });
    });
  });
}
