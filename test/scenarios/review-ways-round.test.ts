/** Attempts to bypass the rules of review, each by a person who would benefit. */
import t, { type Test } from 'tap';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement, type Person } from '../helpers/registry.ts';

t.setTimeout(120_000);
const lab = await startLab(t);
const { admin, ada, ben, dan, nano, other } = lab;

const define = (name: string, files: Record<string, string> = {}) =>
  ada.client.definitions.create({ name, source_code: measurement(name), lab_id: nano.id, files });

/** Pushes a commit by `who` with this message as a branch. */
async function pushChange(t: Test, name: string, who: Person, message: string) {
  const clone = await cloneOf(t, lab, name, who);
  const head = await clone.commit({ 'notes.txt': `${message}\n` }, message);
  const { code, stderr } = await clone.push('HEAD:refs/heads/idea');
  const [, id] = /Merge request !(\d+): http/.exec(stderr) ?? [];
  return { clone, head, code, stderr, id: Number(id) };
}

const approve = (who: Person, id: number, head: string) =>
  who.client.mergeRequests.review(id, { verdict: 'approve', head });

t.test('the author of a change cannot approve it under another address', async (t) => {
  await define('Aliased');
  const by = 'Add notes\n\nCo-authored-by: Ada <Ada+git@lab.example>';
  const { id, head } = await pushChange(t, 'Aliased', ben, by);
  t.match(await problemOf(approve(ada, id, head)), { status: 403, detail: /wrote a change/ });
  await ada.client.users.change(ada.id, { email: 'somebody@lab.example' });
  const again = await problemOf(approve(ada, id, head));
  t.match(again, { status: 403 }, 'authorship is decided at the push');
  await ada.client.users.change(ada.id, { email: 'ada@lab.example' });
  t.match(await approve(admin, id, head), { standing: true });
});

t.test('merge requests move to another lab with their definition', async (t) => {
  const { id: definition } = await define('Moved');
  const { id, head } = await pushChange(t, 'Moved', ben, 'Add notes');
  await approve(ada, id, head);
  await admin.client.definitions.change(definition, { lab_id: other.id });
  for (const ask of [
    () => ada.client.mergeRequests.read(id),
    () => ada.client.mergeRequests.merge(id, { head, override: 'it was ours' }),
    () => ben.client.mergeRequests.comment(id, { body: 'x' }),
  ]) {
    t.match(
      await problemOf(ask()),
      { status: 404 },
      'an earlier contributor is no longer involved',
    );
  }
  const page = await dan.client.mergeRequests.read(id);
  t.match(page, { lab_id: other.id, can_merge: false, reviews: [{ standing: false }] });
  t.match(page.reviews, [{ why: /does not take part in this lab/ }]);
  await approve(dan, id, head);
  t.match(await dan.client.mergeRequests.merge(id, { head }), { state: 'merged' });
});

t.test('a proposal cannot make itself public', async (t) => {
  const body = { name: 'Loud', source_code: measurement('Loud'), lab_id: nano.id };
  const loud = await problemOf(ben.client.definitions.create({ ...body, is_public: true }));
  t.match(loud, { status: 403, detail: /Omit is_public/ });
  t.match(await ben.client.definitions.create({ ...body, is_public: false }), { version: null });
});

t.test('nobody can change a landed merge request, and the trail agrees', async (t) => {
  await define('Ended');
  const { id, head } = await pushChange(t, 'Ended', ben, 'Add notes');
  await approve(ada, id, head);
  await ada.client.mergeRequests.merge(id, { head });
  const edits = [{ title: 'Another' }, { draft: true }].map((edit) =>
    problemOf(ben.client.mergeRequests.edit(id, edit)),
  );
  for (const problem of await Promise.all(edits))
    t.match(problem, { status: 409, detail: /is merged/ });
  t.equal((await ada.client.audit({ action: 'merge_request.edited', subject_id: id })).total, 0);
});

t.test('rebasing for somebody else does not make a participant: approvals stay', async (t) => {
  await define('Rebased');
  const { id, head } = await pushChange(t, 'Rebased', ben, 'Add notes');
  await approve(ada, id, head);
  const clone = await cloneOf(t, lab, 'Rebased', ada);
  await clone.commit({ 'other.txt': 'o\n' }, 'Something else');
  t.equal((await clone.push('HEAD:main')).code, 0);
  const rebased = await ada.client.mergeRequests.rebase(id);
  t.not(rebased.head, head);
  t.match(rebased, { can_merge: true, approvals: { given: 1 } });
  t.same(
    rebased.heads.map(({ pushed_by }) => pushed_by?.username),
    ['ben', 'ben'],
  );
  const { items } = await ada.client.audit({ action: 'merge_request.updated', subject_id: id });
  t.match(items, [{ actor: 'ada' }], 'the rebase is recorded');
  t.match(await ada.client.mergeRequests.merge(id, { head: rebased.head }), { state: 'merged' });
});

t.test('a comment needs an existing line', async (t) => {
  await define('Lines', { 'a.txt': '1\n2\n', 'b.txt': '1\n2', 'empty.txt': '' });
  const { id } = await pushChange(t, 'Lines', ben, 'Add notes');
  const say = (file: string, line: number) =>
    ada.client.mergeRequests.comment(id, { body: 'x', file, line });
  for (const file of ['a.txt', 'b.txt']) {
    t.match(await say(file, 2), { line: 2 });
    t.match(await problemOf(say(file, 3)), {
      status: 422,
      detail: /past the end of .\.txt, which has 2 lines/,
    });
  }
  t.match(await problemOf(say('empty.txt', 1)), { status: 422 });
});

t.test('a commit with an unreadable message is refused', async (t) => {
  await define('Wordy');
  const { code, stderr } = await pushChange(t, 'Wordy', ben, `Long\n\n${'x'.repeat(70_000)}`);
  t.not(code, 0);
  t.match(stderr, /remote: commit too large: [0-9a-f]{40} \(\d+ bytes, the limit is 65536\)/);
});

t.test('push options alone change title and description and create no head', async (t) => {
  const { id: definition } = await define('Said');
  const { id, clone } = await pushChange(t, 'Said', ben, 'Add notes');
  t.equal((await clone.push('HEAD:refs/for/main')).code, 0);
  const [mine] = (await ben.client.mergeRequests.list({ definition_id: definition })).items;
  t.not(mine?.id, id);
  const push = await clone.push('-o', 'draft', '-o', 'title=Later', 'HEAD:refs/for/main');
  t.equal(push.code, 0, push.stderr);
  const page = await ben.client.mergeRequests.read(mine?.id ?? 0);
  t.match(page, { draft: true, title: 'Later', heads: [{}] });
  t.equal(page.heads.length, 1);
  const { items } = await ada.client.audit({ subject_type: 'merge_request', subject_id: page.id });
  t.match(items, [{ action: 'merge_request.edited' }, { action: 'merge_request.opened' }]);
  t.equal(items.length, 2);
});

t.test('an empty commit creates no version, and the message says it was skipped', async (t) => {
  const { id } = await define('Empty');
  const clone = await cloneOf(t, lab, 'Empty', ada);
  await clone.git('commit', '-q', '--allow-empty', '-m', 'Nothing');
  await clone.commit({ 'a.txt': 'a\n' }, 'Something');
  const refusal = await clone.push('HEAD:main');
  const [, advice = ''] =
    /^remote: Remove the empty commit: git (.+?) *$/m.exec(refusal.stderr) ?? [];
  await clone.git(...advice.split(' '));
  const pushed = await clone.push('HEAD:main');
  t.equal(pushed.code, 0, pushed.stderr);
  t.match(await ada.client.definitions.read(id), { version: 2 });
});

t.test('a push by a viewer says whom to ask', async (t) => {
  await define('Viewed');
  const clone = await cloneOf(t, lab, 'Viewed', lab.cleo);
  await clone.commit({ 'a.txt': 'a\n' }, 'Something');
  const { code, stderr } = await clone.push('HEAD:main');
  t.not(code, 0);
  t.match(stderr, /remote: Only contributors .* Ask an admin of the lab to make you a contributor/);
});
