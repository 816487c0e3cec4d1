/** Review over REST by several people: saves that become merge requests, then comments, reviews and landings. */
import t from 'tap';
import type { CommentInput } from '../../registry/schemas/review.ts';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { admin, ada, ben, cleo, dan, nano } = lab;
const eve = await lab.person('eve');
await admin.client.labs.addMember(nano.id, eve.id, 'contributor');

const define = (name: string, more: { category?: string } = {}) =>
  ada.client.definitions.create({ name, source_code: measurement(name), lab_id: nano.id, ...more });

/** A save that needs a review, and the merge request that it opens. */
async function save(who: Person, id: number, change: { category?: string; source_code?: string }) {
  const saved = await who.client.definitions.change(id, change);
  if (!saved.merge_request) throw new Error('it landed');
  return saved.merge_request.id;
}

const look = (id: number) => ada.client.mergeRequests.read(id);

async function review(who: Person, id: number, verdict: 'approve' | 'request_changes' = 'approve') {
  const { head } = await look(id);
  return await who.client.mergeRequests.review(id, { verdict, head });
}

async function merge(who: Person, id: number, more: { override?: string } = {}) {
  const { head } = await look(id);
  return await who.client.mergeRequests.merge(id, { head, ...more });
}

t.test('a contributor proposes a definition and an admin merges it', async (t) => {
  const name = 'Proposed';
  const body = { name, source_code: measurement(name), lab_id: nano.id };
  const made = await ben.client.definitions.create(body);
  t.match(made, { is_approved: false, version: null, source_code: measurement(name) });
  const { id = 0, url = '' } = made.merge_request ?? {};
  t.equal(url, `${lab.url}/merge-requests/${id}`);
  const unseen = await problemOf(cleo.client.definitions.read(made.id));
  t.match(unseen, { status: 404 }, 'viewers do not see it');
  for (const { client } of [cleo, dan]) {
    t.match(await problemOf(client.mergeRequests.read(id)), { status: 404 });
  }
  t.match(await problemOf(eve.client.definitions.create(body)), {
    status: 409,
    code: 'name_taken',
    free_name: 'Proposed_Nano',
  });

  t.match(await look(id), { can_merge: false, approvals: { given: 0, required: 1 } });
  t.match(await problemOf(review(ben, id)), { status: 403 }, 'its author cannot approve it');
  t.match(await problemOf(review(eve, id)), { status: 403 }, 'a contributor cannot either');
  t.match(await problemOf(merge(ada, id)), { status: 409 }, 'it does not land without an approval');
  t.match(await review(ada, id), { standing: true });
  t.match(await ben.client.mergeRequests.read(id), { can_merge: true, blockers: [] });
  t.match(await problemOf(merge(ben, id)), { status: 403 });
  t.match(await merge(ada, id), { state: 'merged', merged_version: 1 });
  t.match(await cleo.client.definitions.read(made.id), { version: 1, is_approved: true });
  const clone = await cloneOf(t, lab, name, cleo);
  const log = await clone.git('log', '-1', '--format=%an|%cn|%B');
  t.match(log, /^Ben\|Ada\|Add Proposed/);
  t.match(
    log,
    new RegExp(`Merge-request: !${id}\nApproved-by: Ada <ada@lab.example>\nLanded-by: Ada`),
  );
});

t.test(
  'saves of one person are added to one merge request; each head needs a new approval',
  async (t) => {
    const name = 'Gathered';
    const { id } = await define(name);
    const first = await ben.client.definitions.change(id, { source_code: measurement(name, 2) });
    t.match(first, { version: 1 });
    const mr = first.merge_request?.id ?? 0;
    await review(ada, mr);
    t.equal(await save(ben, id, { category: 'Meters' }), mr);
    const page = await look(mr);
    t.match(page.reviews, [{ verdict: 'approve', standing: false, why: /earlier head/ }]);
    t.match(page.diff, /return np\.array\(\[\[2\.0\]\]\)/, 'the first save is still in it');
    t.match(page.diff, /category = "Meters"/);
    t.equal(await save(ben, id, { category: 'Meters' }), mr);
    t.equal((await look(mr)).head, page.head, 'a save without a change creates no head');
    const late = await save(eve, id, { source_code: measurement(name, 3) });
    t.not(late, mr, 'another user gets another merge request');

    const stale = { verdict: 'approve' as const, head: page.base ?? '' };
    t.match(await problemOf(ada.client.mergeRequests.review(mr, stale)), { status: 409 });
    await review(ada, mr);
    await merge(ada, mr);
    t.match(await ada.client.definitions.read(id), { version: 2, category: 'Meters' });
    await review(ada, late);
    t.match(await problemOf(merge(ada, late)), {
      status: 409,
      detail: /main has changed Gathered\.py/,
    });
  },
);

t.test('requested changes block until their author approves; drafts cannot land', async (t) => {
  const { id } = await define('Argued');
  const mr = await save(ben, id, { category: 'A' });
  await review(ada, mr, 'request_changes');
  await review(admin, mr);
  t.match(await problemOf(merge(ada, mr)), { status: 409, detail: /ada has requested changes/ });
  await review(ada, mr);
  t.match(await problemOf(eve.client.mergeRequests.edit(mr, { title: 'Mine now' })), {
    status: 403,
  });
  const edited = await ben.client.mergeRequests.edit(mr, { draft: true });
  t.match(edited, { draft: true, can_merge: false });
  t.match(await problemOf(merge(ada, mr)), { status: 409, detail: /draft/ });
  await ben.client.mergeRequests.edit(mr, { draft: false, title: 'Ready' });
  t.match(await merge(ada, mr), { title: 'Ready' });
});

t.test('a reviewer who fixes the requested changes can withdraw the objection', async (t) => {
  const { id } = await define('Mended');
  const bens = await cloneOf(t, lab, 'Mended', ben);
  await bens.commit({ 'notes.txt': 'n\n' }, 'Add notes');
  t.equal((await bens.push('HEAD:refs/heads/notes')).code, 0);
  const [pushed] = (await ada.client.mergeRequests.list({ definition_id: id })).items;
  const mr = pushed?.id ?? 0;
  await review(ada, mr, 'request_changes');
  const adas = await cloneOf(t, lab, 'Mended', ada);
  await adas.git('checkout', '-q', 'notes');
  await adas.commit({ 'notes.txt': 'Notes\n' }, 'Say what they are');
  t.equal((await adas.push('notes')).code, 0);
  await review(admin, mr);
  t.match((await look(mr)).blockers, [/ada has requested changes/]);
  t.match(await review(ada, mr), { verdict: 'approve', standing: false, why: /wrote a change/ });
  t.match(await look(mr), { can_merge: true, approvals: { given: 1 } });
  t.match(
    await problemOf(review(ada, mr)),
    { status: 403 },
    'there is no request for changes left to withdraw',
  );
});

t.test('comments can be on lines of either side and in threads', async (t) => {
  const name = 'Discussed';
  const file = `${name}.py`;
  const { id } = await define(name);
  const mr = await save(ben, id, { source_code: measurement(name, 2) });
  const say = (who: Person, body: Partial<CommentInput>) =>
    who.client.mergeRequests.comment(mr, { body: 'x', ...body });
  const first = await say(ada, { body: 'Why?', file, line: 15 });
  t.match(first, { line: 15, side: 'new', outdated: false });
  const reply = await say(ben, { body: 'Because.', in_reply_to: first.id });
  t.match(reply, { in_reply_to: first.id, file, line: 15 });
  t.match(await problemOf(say(ben, { in_reply_to: 99_999 })), { status: 422 });
  t.match(await problemOf(say(ben, { file: 'absent.py', line: 1 })), { status: 422 });
  t.match(await problemOf(say(ben, { file, line: 900 })), { status: 422 });
  t.match(await say(ben, { file, line: 1, side: 'old' }), { side: 'old', line: 1 });
  t.match(await problemOf(say(cleo, {})), { status: 404 }, 'viewers do not see it');
  const { head } = await look(mr);
  await save(ben, id, { source_code: `# One more\n${measurement(name, 2)}` });
  const late = { status: 409 };
  t.match(
    await problemOf(say(ada, { file, line: 15, head })),
    late,
    'a line of the base is not in the head',
  );
  const [followed] = (await look(mr)).comments;
  t.match(followed, { line: 16, original_line: 15, outdated: false }, 'it follows its line');
  await save(ben, id, { source_code: `# One more\n${measurement(name, 3)}` });
  const [moved] = (await look(mr)).comments;
  t.match(
    moved,
    { line: null, original_line: 15, outdated: true },
    'a changed line makes the comment outdated',
  );
});

t.test('a required check counts only from the account that the lab names', async (t) => {
  const { id } = await define('Checked');
  const mr = await save(ben, id, { category: 'A' });
  const require = (account: number) =>
    ada.client.labs.change(nano.id, { required_checks: { ci: account } });
  t.match(await problemOf(require(99_999)), { status: 422 });
  await require(eve.id);
  await review(ada, mr);
  const post = (who: Person, state: 'success' | 'failure', name = 'ci') =>
    who.client.mergeRequests.check(mr, { name, state });
  t.match((await look(mr)).blockers, [/"ci" is missing: eve/]);
  t.match(await post(ben, 'success'), { required: false });
  t.equal((await look(mr)).can_merge, false, 'results from other accounts do not count');
  t.match(await post(eve, 'failure'), { required: true });
  t.match((await look(mr)).blockers, [/"failure"/]);
  await post(eve, 'success');
  for (const name of ['validation', 'Validation', 'import policy', 'conflict ', 'interf\u0430ce']) {
    t.match(await problemOf(post(eve, 'success', name)), { status: 422 }, `${name} is ours`);
    const asked = ada.client.labs.change(nano.id, { required_checks: { [name]: eve.id } });
    const why = { status: 422, errors: [{ path: 'required_checks' }] };
    t.match(await problemOf(asked), why, 'nobody could post the required check');
  }
  t.equal((await look(mr)).can_merge, true);
  await ada.client.labs.change(nano.id, { required_checks: {} });
});

t.test('a check cannot count for a head that its poster may not have seen', async (t) => {
  const { id } = await define('Moving');
  const mr = await save(ben, id, { category: 'A' });
  const { head: first } = await look(mr);
  const post = (head?: string) =>
    eve.client.mergeRequests.check(mr, { name: 'ci', state: 'success', ...(head && { head }) });
  const checks = async () => (await look(mr)).checks.filter(({ name }) => name === 'ci');
  await post();
  t.match(
    await checks(),
    [{ state: 'success' }],
    'without a head in the request, the check is for the only head',
  );
  await save(ben, id, { category: 'B' });
  t.same(await checks(), [], 'the new head has no checks');
  const unnamed = await problemOf(post());
  t.match(unnamed, { status: 422, errors: [{ path: 'head' }] });
  t.match(unnamed.detail, /give the commit that was checked/);
  t.match(await problemOf(post(first)), { status: 409 });
  t.same(await checks(), []);
  await post((await look(mr)).head);
  t.match(await checks(), [{ state: 'success' }]);
});

t.test('owners must approve their files, and a proposal cannot escape them', async (t) => {
  const { id } = await define('Owned', { category: 'Lasers' });
  const own = (owners: { category?: string; users: number[] }[]) =>
    ada.client.labs.change(nano.id, { owners });
  t.match(await problemOf(own([{ users: [eve.id] }])), { status: 422 });
  await own([{ category: 'Lasers', users: [eve.id] }]);
  const mr = await save(ben, id, { category: 'Lamps' });
  await review(ada, mr);
  t.match((await look(mr)).blockers, [/owner of category Lasers.*eve/]);
  t.match(await review(eve, mr), { standing: true }, 'an owner may approve');
  t.match(await merge(ada, mr), { state: 'merged' });
  await own([]);
});

t.test(
  'closing frees the name of a first proposal; it can be reopened until the name is taken',
  async (t) => {
    const name = 'Fleeting';
    const body = { name, source_code: measurement(name), lab_id: nano.id };
    const made = await ben.client.definitions.create(body);
    const mr = made.merge_request?.id ?? 0;
    t.match(await problemOf(eve.client.mergeRequests.close(mr)), { status: 403 });
    const countListed = async () => (await ada.client.definitions.list({ q: name })).total;
    t.equal(await countListed(), 1);
    t.match(await ben.client.mergeRequests.close(mr), { state: 'closed' });
    t.equal(await countListed(), 0, 'a definition with closed proposals is not listed');
    t.match(await ada.client.definitions.read(made.id), { name }, 'it can still be read');
    t.match(await problemOf(ben.client.mergeRequests.close(mr)), { status: 409 });
    t.match(await ben.client.mergeRequests.reopen(mr), { state: 'open' });
    t.equal(await countListed(), 1);
    await ada.client.mergeRequests.close(mr);
    t.match(await ada.client.definitions.create(body), { version: 1 });
    const { items } = await ada.client.audit({ action: 'definition.released' });
    t.match(items, [{ actor: 'ada', subject_id: made.id, before: { name } }]);
    t.match(await look(mr), { state: 'closed', definition: { id: null, name }, diff: '' });
    t.match(await problemOf(ben.client.mergeRequests.reopen(mr)), { status: 409 });
  },
);

t.test('the status says whether a change landed or must be reviewed', async (t) => {
  const status = async (who: Person, method: string, path: string, body: object) => {
    const headers = { authorization: `Bearer ${who.token}`, 'content-type': 'application/json' };
    const url = `${lab.url}/api/instrument-definitions${path}`;
    return (await fetch(url, { method, headers, body: JSON.stringify(body) })).status;
  };
  const { id } = await define('Told');
  t.equal(await status(ada, 'PUT', `/${id}`, { category: 'A' }), 200);
  t.equal(await status(ben, 'PUT', `/${id}`, { category: 'B' }), 202);
  const rollback = { version: 1, reason: 'it was fine' };
  t.equal(await status(ben, 'POST', `/${id}/rollback`, rollback), 403);
  t.equal(await status(ada, 'POST', `/${id}/rollback`, rollback), 200);
  await ada.client.labs.change(nano.id, { direct_landing: 'nobody' });
  t.equal(await status(ada, 'POST', `/${id}/rollback`, { ...rollback, version: 2 }), 202);
  t.equal(await status(admin, 'PUT', `/${id}`, { category: 'C' }), 202, 'site admins are bound');
  await ada.client.labs.change(nano.id, { direct_landing: 'admins' });
});

t.test('if nobody may land directly, a lab admin proposes too, or overrides', async (t) => {
  const { id } = await define('Guarded');
  await ada.client.labs.change(nano.id, { direct_landing: 'nobody' });
  await save(ada, id, { category: 'A' });
  const bens = ben.client.definitions.change(id, { category: 'B', override: 'now' });
  t.match(await problemOf(bens), { status: 403 });
  const override = 'the cryostat warms up';
  const forced = await ada.client.definitions.change(id, { category: 'B', override });
  t.match(forced, { version: 2, category: 'B' });
  const bensRollback = ben.client.definitions.rollback(id, 1, 'it was fine');
  t.match(await problemOf(bensRollback), { status: 403, detail: /admin of the owning lab/ });
  const back = await ada.client.definitions.rollback(id, 1, 'it was fine');
  t.match(back, { version: 2, merge_request: { id: /\d/ } });
  const proposal = await look(back.merge_request?.id ?? 0);
  t.match(proposal, { title: 'Revert to v1', description: 'it was fine' });
  t.match(await problemOf(review(ada, proposal.id)), { status: 403 }, 'her own');
  await merge(ada, proposal.id, { override: 'nobody is here' });
  t.match((await ada.client.definitions.versions(id)).items, [
    {
      version: 3,
      overrides: [
        { code: 'policy', message: /nobody is here \(set aside: The merge request has 0 of 1/ },
      ],
    },
    { version: 2, overrides: [{ code: 'policy', message: /the cryostat warms up/ }] },
    { version: 1, overrides: [] },
  ]);
  t.equal((await ada.client.audit({ action: 'definition.overridden' })).total, 2);
  await ada.client.labs.change(nano.id, { direct_landing: 'admins' });
});
