/**
 * How a lab admin adds a member. The flaw: accounts were added by id, and the answer contained their names. With the
 * ids 1, 2, 3, … an admin could list every username of the site. Verified: every operation with the id of an account
 * gives the same answer for an invisible account as for a nonexistent one.
 */
import t from 'tap';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';

const lab = await startLab(t);
const { admin, ada, ben, dan, nano, other } = lab;
const gus = await lab.person('gus');

t.test('members are added by full username or address, ignoring case', async (t) => {
  const { labs } = ada.client;
  for (const who of [{ username: 'GUS' }, { email: 'Gus@Lab.Example' }]) {
    t.match(await labs.addMember(nano.id, who, 'viewer'), { user_id: gus.id, role: 'viewer' });
    await labs.removeMember(nano.id, gus.id);
  }
  const unknown: Parameters<typeof labs.addMember>[1][] = [
    { username: 'gu' },
    { username: 'gus ' },
    { username: 'nobody' },
    { email: 'gus@lab' },
    { email: '%' },
  ];
  for (const who of unknown) {
    t.match(
      await problemOf(labs.addMember(nano.id, who, 'viewer')),
      { status: 422 },
      JSON.stringify(who),
    );
  }
  const both = { username: 'gus', email: 'gus@lab.example' };
  t.match(await problemOf(labs.addMember(nano.id, both, 'viewer')), { status: 422 });
  t.match(await problemOf(labs.addMember(nano.id, {} as never, 'viewer')), { status: 422 });
  t.match(await problemOf(labs.addMember(nano.id, { username: 'ben' }, 'viewer')), { status: 409 });
});

t.test('an id reveals nothing about accounts that a lab admin does not see', async (t) => {
  const highest = gus.id + 5;
  const ids = Array.from({ length: highest }, (_, i) => i + 1);
  const members = new Set(
    (await ada.client.labs.members(nano.id)).items.map(({ user_id }) => user_id),
  );
  const ask = async (method: string, path: string, json?: object) => {
    const answer = await fetch(`${lab.url}${path}`, {
      method,
      ...(json && { body: JSON.stringify(json) }),
      headers: {
        authorization: `Bearer ${ada.token}`,
        ...(json && { 'content-type': 'application/json' }),
      },
    });
    return { status: answer.status, text: await answer.text() };
  };
  const operations: Record<string, (id: number) => ReturnType<typeof ask>> = {
    addMember: (user_id) =>
      ask('POST', `/api/labs/${nano.id}/members`, { user_id, role: 'viewer' }),
    changeMember: (id) => ask('PUT', `/api/labs/${nano.id}/members/${id}`, { role: 'viewer' }),
    removeMember: (id) => ask('DELETE', `/api/labs/${nano.id}/members/${id}`),
    owners: (id) => ask('PUT', `/api/labs/${nano.id}`, { owners: [{ pattern: '*', users: [id] }] }),
    required_checks: (id) => ask('PUT', `/api/labs/${nano.id}`, { required_checks: { x: id } }),
    readUser: (id) => ask('GET', `/api/users/${id}`),
    changeUser: (id) => ask('PUT', `/api/users/${id}`, { name: 'X' }),
    removeUser: (id) => ask('DELETE', `/api/users/${id}`),
    removeToken: (id) => ask('DELETE', `/api/tokens/${100_000 + id}`),
  };
  for (const [name, operation] of Object.entries(operations)) {
    const answers = new Set<string>();
    for (const id of ids.filter((id) => !members.has(id))) {
      const { status, text } = await operation(id);
      answers.add(`${status} ${text.replaceAll(new RegExp(`\\b${id}\\b`, 'g'), '<id>')}`);
    }
    t.equal(answers.size, 1, `${name}: ${[...answers].join('\n')}`);
  }
  await admin.client.labs.change(nano.id, { owners: [{ pattern: '*', users: [dan.id] }] });
  const kept = await ada.client.labs.change(nano.id, {
    owners: [{ pattern: '*', users: [dan.id, ben.id] }],
  });
  t.match(
    kept.owners,
    [{ users: [dan.id, ben.id] }],
    'accounts that the policy already names may stay',
  );
  await admin.client.labs.change(nano.id, { owners: [] });
});

t.test('members of a shared lab, and anybody for a site admin, can be added by id', async (t) => {
  await admin.client.labs.addMember(other.id, ada.id, 'admin');
  t.match(await ada.client.labs.addMember(nano.id, dan.id, 'viewer'), { username: 'dan' });
  t.match(await admin.client.labs.addMember(nano.id, gus.id, 'viewer'), { username: 'gus' });
});
