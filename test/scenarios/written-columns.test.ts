/**
 * Attacks that were possible when a request's body reached the database unfiltered, so that a title could be sent
 * together with any column. Each test describes the flaw, sends the attack as a person with the necessary rights, and
 * checks what must be unchanged.
 */
import t from 'tap';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { url, admin, ada, ben, dan, nano, other, anonymous } = lab;
/** Another admin of the first lab. */
const eve = await lab.person('eve');
await admin.client.labs.addMember(nano.id, eve.id, 'admin');
await ada.client.labs.change(nano.id, { direct_landing: 'nobody', required_approvals: 1 });

/** Sends the request as an attacker's program would. Our own client does not know these fields. */
async function put(headers: Record<string, string>, path: string, body: object) {
  const response = await fetch(url + path, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as object) };
}
const by = ({ token }: Person) => ({ authorization: `Bearer ${token}` });
const unnamed = (...paths: string[]) => ({
  status: 422,
  errors: paths.map((path) => ({ path, message: /not accepted/ })),
});

async function define(name: string, who: Person, lab_id: number) {
  const source_code = measurement(name);
  return await who.client.definitions.create({ name, lab_id, source_code, override: 'first' });
}

async function propose(name: string, who: Person, text: string) {
  const clone = await cloneOf(t, lab, name, who);
  await clone.git('checkout', '-q', '-b', 'work');
  const head = await clone.commit({ 'notes.txt': text }, 'Change notes');
  const { stderr } = await clone.push('work');
  return { id: Number(/!(\d+)/.exec(stderr)?.[1]), head };
}

const edits = async (id: number) =>
  (await admin.client.audit({ action: 'merge_request.edited', subject_id: id })).items;
const column = async (name: string, id: number) =>
  (
    await lab.deps.store.em().execute(`select ${name} as v from merge_requests where id = ?`, [id])
  )[0]?.v;

t.test('an approval of one head cannot be moved to another', async (t) => {
  await define('Approved', ada, nano.id);
  const { id, head } = await propose('Approved', ben, 'harmless\n');
  await ada.client.mergeRequests.review(id, { verdict: 'approve', head });
  const approved = await column('changes', id);
  const eves = await cloneOf(t, lab, 'Approved', eve);
  await eves.git('checkout', '-q', 'work');
  const pushed = await eves.commit({ 'notes.txt': 'harmful\n' }, 'Change notes again');
  await eves.push('work');

  const path = `/api/merge-requests/${id}`;
  for (const who of [eve, ben]) {
    t.match(await put(by(who), path, { title: 'x', changes: approved }), unnamed('changes'));
  }
  t.not(await column('changes', id), approved);
  const alone = await problemOf(eve.client.mergeRequests.merge(id, { head: pushed }));
  t.match(alone, { status: 409, code: 'not_mergeable' });
  t.equal((await ada.client.definitions.byName('Approved')).version, 1, 'nothing has landed');
  t.same(await edits(id), []);
});

t.test('an admin of another lab cannot move a merge request there', async (t) => {
  await define('Taken', ada, nano.id);
  const { id, head } = await propose('Taken', ben, 'x\n');
  const both = await lab.person('both');
  await admin.client.labs.addMember(nano.id, both.id, 'contributor');
  await admin.client.labs.addMember(other.id, both.id, 'admin');
  const { mergeRequests } = both.client;
  const move = { title: 'x', lab_id: other.id };
  t.match(await put(by(ben), `/api/merge-requests/${id}`, move), unnamed('lab_id'));
  t.match(await put(by(both), `/api/merge-requests/${id}`, move), unnamed('lab_id'));
  const land = { head, override: 'it is mine' };
  t.match(await problemOf(mergeRequests.merge(id, land)), { status: 403 });
  t.match(await ada.client.mergeRequests.read(id), { state: 'open', lab_id: nano.id });
  t.match(await problemOf(dan.client.mergeRequests.read(id)), { status: 404 });
});

t.test('a merge request cannot reveal what another lab hides', async (t) => {
  const hidden = await define('Hidden', dan, other.id);
  await define('Shown', ada, nano.id);
  const { id } = await propose('Shown', ben, 'x\n');
  for (const foreign of [
    { definition: 'Hidden' },
    { definition_id: hidden.id },
    { merged_version: 1 },
    { head: hidden.head },
    { base: hidden.head },
  ]) {
    const [name = ''] = Object.keys(foreign);
    const sent = { title: 'x', ...foreign };
    t.match(await put(by(ben), `/api/merge-requests/${id}`, sent), unnamed(name));
  }
  const page = await ben.client.mergeRequests.read(id);
  t.match(page, { title: 'Change notes', definition: { name: 'Shown' }, merged_version: null });
  t.notMatch(page.diff, /Hidden/);
});

t.test('a request cannot set merged, closed or hidden', async (t) => {
  await define('Stated', ada, nano.id);
  const { id } = await propose('Stated', ben, 'x\n');
  for (const state of ['merged', 'opening', 'closed']) {
    const sent = { title: 'x', state, decided_by: ada.id };
    t.match(await put(by(ben), `/api/merge-requests/${id}`, sent), unnamed('state'));
    t.match(await ada.client.mergeRequests.read(id), { state: 'open', title: 'Change notes' });
  }
  // A request without a body has no properties.
  for (const verb of ['close', 'reopen']) {
    const response = await fetch(`${url}/api/merge-requests/${id}/${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...by(ben) },
      body: JSON.stringify({ state: 'merged' }),
    });
    t.match(await response.json(), unnamed('state'), verb);
  }
  t.match(await ada.client.mergeRequests.read(id), { state: 'open' });
});

t.test('an open browser session cannot take over the account', async (t) => {
  const password = 'password of ben';
  const signIn = async () => {
    const response = await fetch(`${url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'ben', password }),
    });
    const { token } = (await response.json()) as { token: string };
    const [cookie = ''] = response.headers.getSetCookie()[0]?.split(';') ?? [];
    return { cookie, token };
  };
  const ended = await signIn();
  const me = ({ token }: { token: string }) =>
    fetch(`${url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  await admin.client.users.change(ben.id, { disabled: true });
  await admin.client.users.change(ben.id, { disabled: false });
  t.equal((await me(ended)).status, 401, 'the session has ended');

  const { cookie } = await signIn();
  const page = { cookie, 'sec-fetch-site': 'same-origin' };
  const path = `/api/users/${ben.id}`;
  // The hash of a password that the attacker knows.
  const password_hash = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA';
  for (const foreign of [
    { password_hash },
    { session_epoch: 0 },
    { id: ada.id },
    { password_expires_at: null },
    { created_at: '2020-01-01T00:00:00Z' },
  ]) {
    const [name = ''] = Object.keys(foreign);
    t.match(await put(page, path, { name: 'Ben', ...foreign }), unnamed(name));
  }
  t.equal((await me(ended)).status, 401, 'and stays ended');
  t.ok((await anonymous.login('ben', password)).token, 'the password is unchanged');
});

t.test('a lab admin cannot write columns of site admins', async (t) => {
  const { items } = await ada.client.labs.list();
  const path = `/api/labs/${nano.id}`;
  for (const foreign of [{ id: other.id }, { created_at: '2020-01-01T00:00:00Z' }]) {
    const [name = ''] = Object.keys(foreign);
    t.match(await put(by(ada), path, { name: 'Nano', ...foreign }), unnamed(name));
  }
  const owners = [{ pattern: '*', users: [ada.id], lab_id: other.id }];
  t.match(await put(by(ada), path, { owners }), unnamed('owners.0.lab_id'));
  t.same((await ada.client.labs.list()).items, items);
});
