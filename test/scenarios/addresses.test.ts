/**
 * An e-mail address belongs to one person. The flaws: a person who had pushed as `dup@` approved the change with a
 * second account, `dup+two@`. A person who took over the address of a reviewer made this reviewer count as an author,
 * so the reviewer could not approve. Verified: an address belongs to one account, ignoring case and sub-address.
 * Accounts that shared an address before the rule keep it, are reported, and count as one person in reviews.
 */
import t from 'tap';
import { isAddressTaken, sharingAddresses } from '../../registry/store/users.ts';
import { cloneOf } from '../helpers/clone.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

for (const database of DATABASES) {
  t.test(`an e-mail address belongs to one account (${database})`, async (t) => {
    const lab = await startLab(t, { database });
    const { admin, ada, ben, nano } = lab;
    for (const email of [
      'ada@lab.example',
      'ADA@Lab.Example',
      'ada+two@lab.example',
      'Ada+@lab.example',
    ]) {
      const taken = { status: 409, errors: [{ path: 'email' }] };
      t.match(await problemOf(ben.client.users.change(ben.id, { email })), taken, email);
      const account = { username: 'second', password: 'long enough', name: 'S', email };
      t.match(await problemOf(admin.client.users.create(account)), taken, `${email}, made`);
    }
    // Other spellings of the same mailbox. With another spelling, a second account could act as another person.
    for (const email of [
      '"ada"@lab.example',
      '"a\\da"@lab.example',
      'ada(second)@lab.example',
      'ada.@lab.example',
      'ada@lab.example.',
      'ada@lab..example',
      'ada@lab\u3002example',
      'ada@\uff4cab.example',
      '\uff41da@lab.example',
      '\u0430da@lab.example',
    ]) {
      const wrong = { status: 422, errors: [{ path: 'email', message: /must be an address/ }] };
      t.match(await problemOf(ben.client.users.change(ben.id, { email })), wrong, email);
    }
    t.equal((await ben.client.users.read(ben.id)).email, 'ben@lab.example');
    await ada.client.users.change(ada.id, { email: 'Ada+lab@lab.example' });
    await ada.client.users.change(ada.id, { name: 'Ada' });
    await ben.client.users.change(ben.id, { email: 'ben@elsewhere.example' });
    const free = {
      username: 'second',
      password: 'long enough',
      name: 'S',
      email: 'ben@lab.example',
    };
    const second = await admin.client.users.create(free);
    t.equal(second.email, 'ben@lab.example', 'a released address can be used');
    t.match(await problemOf(admin.client.users.create({ ...free, email: 'x@y.example' })), {
      errors: [{ path: 'username' }],
    });

    // A second account of the pusher with a sub-address, as an older registry allowed it.
    const dup = await lab.person('dup');
    const two = await lab.person('two');
    await lab.deps.store.em().execute(`alter table users disable trigger user;
                update users set email = 'dup+two@lab.example', mailbox = null where id = ${two.id};
                alter table users enable trigger user`);
    t.same(await sharingAddresses(lab.deps.store.em()), ['two'], 'reported');
    await admin.client.labs.addMember(nano.id, dup.id, 'contributor');
    await admin.client.labs.addMember(nano.id, two.id, 'admin');
    await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
    const clone = await cloneOf(t, lab, 'Meter', dup);
    // The commit has another address than the account. The registry still knows who pushed the commit.
    await clone.git('config', 'user.email', 'someone@else.example');
    await clone.git('-c', 'user.name=x', 'checkout', '-q', '-b', 'more');
    const head = await clone.commit({ 'a.txt': 'a\n' }, 'More');
    const { stderr } = await clone.push('more');
    const id = Number(/Merge request !(\d+)/.exec(stderr)?.[1]);
    const no = await problemOf(two.client.mergeRequests.review(id, { verdict: 'approve', head }));
    t.match(no, { status: 403, detail: /cannot approve it/ });
    await ada.client.mergeRequests.review(id, { verdict: 'approve', head });
    t.match(await ada.client.mergeRequests.read(id), { can_merge: true });
    await two.client.users.change(two.id, { name: 'Two' });
    t.equal(
      (await two.client.users.read(two.id)).email,
      'dup+two@lab.example',
      'the second account keeps its address',
    );
  });
}

await onEachDatabase(
  t,
  'accounts that share an address keep it, and only new ones are refused',
  async (t, store) => {
    await store.migrate('0012-landed-under');
    const em = store.em();
    const add = (username: string, email: string) =>
      em.execute('insert into users (username, email) values (?, ?)', [username, email]);
    await add('one', 'dup@lab.example');
    await add('two', 'DUP+two@lab.example');
    await add('none', '');
    await add('nobody', '');
    await add('other', 'other@lab.example');
    await store.migrate();
    t.same(await sharingAddresses(em), ['two']);
    const kept = await em.execute('select username, email from users order by id');
    t.equal(kept.length, 5);
    t.match(kept, [{ email: 'dup@lab.example' }, { email: 'DUP+two@lab.example' }]);
    t.equal(await isAddressTaken(em, 'Dup+x@lab.example'), true);
    t.equal(await isAddressTaken(em, 'free@lab.example'), false);
    await t.rejects(add('three', 'dup+3@lab.example'), /users_mailbox_key/);
    await em.execute(`update users set email = 'two@lab.example' where username = 'two'`);
    t.same(await sharingAddresses(em), []);
  },
  { migrated: false },
);
