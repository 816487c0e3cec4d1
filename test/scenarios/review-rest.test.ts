/** Review over REST by several people: saves that become merge requests, what is said of them, how they land. */
import t from 'tap';
import type { Comment, MergeRequestPage, Review } from '../../registry/schemas/review.ts';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { admin, ada, ben, cleo, dan, nano } = lab;
const eve = await lab.person('eve');
await admin.client.labs.addMember(nano.id, eve.id, 'contributor');

const D = '/api/instrument-definitions';
const M = '/api/merge-requests';
const shared = { lab_id: nano.id };

interface Saved {
  id: number;
  version: number | null;
  is_approved: boolean;
  source_code: string;
  category: string | null;
  merge_request?: { id: number; url: string };
}

async function ask<T = Saved>(
  person: Person,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: T & { code: string; detail: string } }> {
  const response = await fetch(lab.url + path, {
    method,
    headers: {
      authorization: `Bearer ${person.token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as never };
}

const look = async (person: Person, id: number) =>
  (await ask<MergeRequestPage>(person, 'GET', `${M}/${id}`)).body;

async function approve(person: Person, id: number, verdict = 'approve') {
  const { head } = await look(ada, id);
  return await ask<Review>(person, 'POST', `${M}/${id}/reviews`, { verdict, head });
}

async function merge(person: Person, id: number, more: object = {}) {
  const { head } = await look(ada, id);
  return await ask<MergeRequestPage>(person, 'POST', `${M}/${id}/merge`, { head, ...more });
}

t.test('a contributor proposes a definition, an admin lets it in', async (t) => {
  const name = 'Proposed';
  const made = await ask(ben, 'POST', D, { name, source_code: measurement(name), ...shared });
  t.equal(made.status, 201);
  t.match(made.body, { is_approved: false, version: null, source_code: measurement(name) });
  const { id = 0, url = '' } = made.body.merge_request ?? {};
  t.equal(url, `${lab.url}/merge-requests/${id}`);
  t.equal((await ask(cleo, 'GET', `${D}/${made.body.id}`)).status, 404, 'viewers do not see it');
  t.equal((await ask(cleo, 'GET', `${M}/${id}`)).status, 404);
  t.equal((await ask(dan, 'GET', `${M}/${id}`)).status, 404, 'nor does another lab');
  const again = await ask(eve, 'POST', D, { name, source_code: measurement(name), ...shared });
  t.match(again, { status: 409, body: { code: 'name_taken' } });

  t.match(await look(ada, id), { can_merge: false, approvals: { given: 0, required: 1 } });
  t.equal((await approve(ben, id)).status, 403, 'not by whoever wrote it');
  t.equal((await approve(eve, id)).status, 403, 'nor by a contributor');
  t.equal((await merge(ada, id)).status, 409, 'nor without an approval');
  t.match(await approve(ada, id), { status: 201, body: { standing: true } });
  t.match(await look(ben, id), { can_merge: true, blockers: [] });
  t.equal((await merge(ben, id)).status, 403);
  t.match(await merge(ada, id), { status: 200, body: { state: 'merged', merged_version: 1 } });
  t.match((await ask(cleo, 'GET', `${D}/${made.body.id}`)).body, { version: 1, is_approved: true });
  const folder = t.testdir();
  await git(['clone', '-q', lab.gitUrl(name, cleo.token), folder], { cwd: folder });
  const log = await git(['log', '-1', '--format=%an|%cn|%B'], { cwd: folder });
  t.match(log, /^Ben\|Ada\|Add Proposed/);
  t.match(
    log,
    new RegExp(`Merge-request: !${id}\nApproved-by: Ada <ada@lab.example>\nLanded-by: Ada`),
  );
});

t.test('saves of one person gather in one merge request; each head is approved anew', async (t) => {
  const name = 'Gathered';
  const { id } = (await ask(ada, 'POST', D, { name, source_code: measurement(name), ...shared }))
    .body;
  const first = await ask(ben, 'PUT', `${D}/${id}`, { source_code: measurement(name, 2) });
  t.match(first, { status: 202, body: { version: 1 } });
  const mr = first.body.merge_request?.id ?? 0;
  await approve(ada, mr);
  const second = await ask(ben, 'PUT', `${D}/${id}`, { category: 'Meters' });
  t.equal(second.body.merge_request?.id, mr);
  const page = await look(ada, mr);
  t.match(page.reviews, [{ verdict: 'approve', standing: false, why: /earlier head/ }]);
  t.match(page.diff, /return np\.array\(\[\[2\.0\]\]\)/, 'the first save is still in it');
  t.match(page.diff, /category = "Meters"/);
  const same = await ask(ben, 'PUT', `${D}/${id}`, { category: 'Meters' });
  t.match(same, { status: 202, body: { merge_request: { id: mr } } });
  t.equal((await look(ada, mr)).head, page.head, 'a save without a change makes no head');
  const other = await ask(eve, 'PUT', `${D}/${id}`, { source_code: measurement(name, 3) });
  t.not(other.body.merge_request?.id, mr, 'somebody else has another one');

  const stale = { verdict: 'approve', head: page.base ?? '' };
  t.equal((await ask(ada, 'POST', `${M}/${mr}/reviews`, stale)).status, 409);
  await approve(ada, mr);
  t.equal((await merge(ada, mr)).status, 200);
  t.match((await ask(ada, 'GET', `${D}/${id}`)).body, { version: 2, category: 'Meters' });
  const late = other.body.merge_request?.id ?? 0;
  await approve(ada, late);
  t.match(await merge(ada, late), {
    status: 409,
    body: { detail: /main has changed Gathered\.py/ },
  });
});

t.test('requested changes stand until their author approves; drafts wait', async (t) => {
  const name = 'Argued';
  const { id } = (await ask(ada, 'POST', D, { name, source_code: measurement(name), ...shared }))
    .body;
  const saved = await ask(ben, 'PUT', `${D}/${id}`, { category: 'A' });
  const mr = saved.body.merge_request?.id ?? 0;
  t.equal((await approve(ada, mr, 'request_changes')).status, 201);
  await approve(admin, mr);
  t.match(await merge(ada, mr), { status: 409, body: { detail: /ada has requested changes/ } });
  await approve(ada, mr);
  t.equal((await ask(eve, 'PUT', `${M}/${mr}`, { title: 'Mine now' })).status, 403);
  const edited = await ask<MergeRequestPage>(ben, 'PUT', `${M}/${mr}`, { draft: true });
  t.match(edited, { status: 200, body: { draft: true, can_merge: false } });
  t.match(await merge(ada, mr), { status: 409, body: { detail: /draft/ } });
  await ask(ben, 'PUT', `${M}/${mr}`, { draft: false, title: 'Ready' });
  t.match(await merge(ada, mr), { status: 200, body: { title: 'Ready' } });
});

t.test('comments stand on lines of either side and in threads', async (t) => {
  const name = 'Discussed';
  const { id } = (await ask(ada, 'POST', D, { name, source_code: measurement(name), ...shared }))
    .body;
  const saved = await ask(ben, 'PUT', `${D}/${id}`, { source_code: measurement(name, 2) });
  const mr = saved.body.merge_request?.id ?? 0;
  const say = (who: Person, body: object) => ask<Comment>(who, 'POST', `${M}/${mr}/comments`, body);
  const first = await say(ada, { body: 'Why?', file: `${name}.py`, line: 15 });
  t.match(first, { status: 201, body: { line: 15, side: 'new', outdated: false } });
  const reply = await say(ben, { body: 'Because.', in_reply_to: first.body.id });
  t.match(reply.body, { in_reply_to: first.body.id, file: `${name}.py`, line: 15 });
  t.equal((await say(ben, { body: 'x', in_reply_to: 99_999 })).status, 422);
  t.equal((await say(ben, { body: 'x', file: 'absent.py', line: 1 })).status, 422);
  t.equal((await say(ben, { body: 'x', file: `${name}.py`, line: 900 })).status, 422);
  t.equal((await say(ben, { body: 'x', file: `${name}.py`, line: 1, side: 'old' })).status, 201);
  t.equal((await say(cleo, { body: 'x' })).status, 404, 'viewers do not see it');
  await ask(ben, 'PUT', `${D}/${id}`, { source_code: `# One more\n${measurement(name, 2)}` });
  const { comments } = await look(ada, mr);
  t.match(comments[0], { line: 16, original_line: 15, outdated: false }, 'it follows its line');
  await ask(ben, 'PUT', `${D}/${id}`, { source_code: `# One more\n${measurement(name, 3)}` });
  const moved = (await look(ada, mr)).comments[0];
  t.match(moved, { line: null, original_line: 15, outdated: true }, 'until that is changed');
});

t.test('a required check counts only from the account that the lab names', async (t) => {
  const name = 'Checked';
  const { id } = (await ask(ada, 'POST', D, { name, source_code: measurement(name), ...shared }))
    .body;
  const saved = await ask(ben, 'PUT', `${D}/${id}`, { category: 'A' });
  const mr = saved.body.merge_request?.id ?? 0;
  const labs = `/api/labs/${nano.id}`;
  t.equal((await ask(ada, 'PUT', labs, { required_checks: { ci: 99_999 } })).status, 422);
  t.equal((await ask(ada, 'PUT', labs, { required_checks: { ci: eve.id } })).status, 200);
  await approve(ada, mr);
  const post = (who: Person, state: string, name = 'ci') =>
    ask(who, 'POST', `${M}/${mr}/checks`, { name, state });
  t.match((await look(ada, mr)).blockers, [/"ci" is missing: eve/]);
  t.equal((await post(ben, 'success')).status, 201);
  t.equal((await look(ada, mr)).can_merge, false, 'not from anybody else');
  t.equal((await post(eve, 'failure')).status, 201);
  t.match((await look(ada, mr)).blockers, [/"failure"/]);
  t.equal((await post(eve, 'success')).status, 201);
  t.equal((await post(eve, 'success', 'validation')).status, 422, 'names of our own are ours');
  t.equal((await look(ada, mr)).can_merge, true);
  await ask(ada, 'PUT', labs, { required_checks: {} });
});

t.test('owners must approve what is theirs, and a proposal cannot leave them behind', async (t) => {
  const name = 'Owned';
  const source_code = measurement(name);
  const { id } = (await ask(ada, 'POST', D, { name, source_code, category: 'Lasers', ...shared }))
    .body;
  const labs = `/api/labs/${nano.id}`;
  t.equal((await ask(ada, 'PUT', labs, { owners: [{ users: [eve.id] }] })).status, 422);
  await ask(ada, 'PUT', labs, { owners: [{ category: 'Lasers', users: [eve.id] }] });
  const saved = await ask(ben, 'PUT', `${D}/${id}`, { category: 'Lamps' });
  const mr = saved.body.merge_request?.id ?? 0;
  await approve(ada, mr);
  t.match((await look(ada, mr)).blockers, [/owner of category Lasers.*eve/]);
  t.equal((await approve(eve, mr)).status, 201, 'an owner may approve');
  t.equal((await merge(ada, mr)).status, 200);
  await ask(ada, 'PUT', labs, { owners: [] });
});

t.test(
  'closing frees the name of a first proposal; reopening works until it is taken',
  async (t) => {
    const name = 'Fleeting';
    const body = { name, source_code: measurement(name), ...shared };
    const made = await ask(ben, 'POST', D, body);
    const mr = made.body.merge_request?.id ?? 0;
    t.equal((await ask(eve, 'POST', `${M}/${mr}/close`)).status, 403);
    t.equal((await ask(ben, 'POST', `${M}/${mr}/close`)).status, 200);
    t.equal((await ask(ben, 'POST', `${M}/${mr}/close`)).status, 409);
    t.match(await ask(ben, 'POST', `${M}/${mr}/reopen`), { status: 200, body: { state: 'open' } });
    await ask(ada, 'POST', `${M}/${mr}/close`);
    const taken = await ask(ada, 'POST', D, body);
    t.match(taken, { status: 201, body: { version: 1 } });
    t.match(await look(ada, mr), { state: 'closed', definition: { id: null, name }, diff: '' });
    t.equal((await ask(ben, 'POST', `${M}/${mr}/reopen`)).status, 409);
  },
);

t.test('where nobody lands directly a lab admin proposes too, or breaks the glass', async (t) => {
  const name = 'Guarded';
  const { id } = (await ask(ada, 'POST', D, { name, source_code: measurement(name), ...shared }))
    .body;
  await ada.client.labs.change(nano.id, { direct_landing: 'nobody' });
  const saved = await ask(ada, 'PUT', `${D}/${id}`, { category: 'A' });
  t.equal(saved.status, 202);
  t.equal((await ask(ben, 'PUT', `${D}/${id}`, { category: 'B', override: 'now' })).status, 403);
  const forced = await ask(ada, 'PUT', `${D}/${id}`, {
    category: 'B',
    override: 'the cryostat warms up',
  });
  t.match(forced, { status: 200, body: { version: 2, category: 'B' } });
  const back = await ask(ada, 'POST', `${D}/${id}/rollback`, { version: 1, reason: 'it was fine' });
  t.equal(back.status, 202);
  const proposal = await look(ada, back.body.merge_request?.id ?? 0);
  t.match(proposal, { title: 'Revert to v1', description: 'it was fine' });
  t.equal((await approve(ada, proposal.id)).status, 403, 'her own');
  t.match(await merge(ada, proposal.id, { override: 'nobody is here' }), { status: 200 });
  const versions = await ask<{ items: object[] }>(ada, 'GET', `${D}/${id}/versions`);
  t.match(versions.body.items, [
    {
      version: 3,
      overrides: [{ code: 'policy', message: /nobody is here \(set aside: It needs 1/ }],
    },
    { version: 2, overrides: [{ code: 'policy', message: /the cryostat warms up/ }] },
    { version: 1, overrides: [] },
  ]);
  const audit = await ask<{ total: number }>(ada, 'GET', '/api/audit?action=definition.overridden');
  t.equal(audit.body.total, 2);
  await ada.client.labs.change(nano.id, { direct_landing: 'admins' });
});
