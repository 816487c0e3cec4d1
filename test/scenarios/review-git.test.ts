/**
 * Review with git alone: pushes to branches and to refs/for/main become merge requests (docs/contract.md, section 4).
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cloneOf } from '../helpers/clone.ts';
import { git, gitResult } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { ada, ben, cleo, dan, nano } = lab;

const list = async (definition_id: number, state?: 'open') =>
  (await ada.client.mergeRequests.list({ definition_id, ...(state && { state }) })).items;

/** Creates a definition, and a clone of it in which `who` can commit. */
async function createAndClone(t: Test, name: string, who: Person) {
  const body = { name, source_code: measurement(name), lab_id: nano.id, is_public: true };
  const made = await ada.client.definitions.create(body);
  const clone = await cloneOf(t, lab, name, who);
  const commit = (text: string, message: string) => clone.commit({ [`${name}.py`]: text }, message);
  return { made, clone, commit, push: clone.push };
}

t.test('a push to refs/for/main opens a merge request, and the next one updates it', async (t) => {
  const { made, clone, commit, push } = await createAndClone(t, 'Pushed', ben);
  const first = await commit(measurement('Pushed', 2), 'Measure two\n\nBecause one is few.');
  const refused = await push('HEAD:main');
  t.not(refused.code, 0);
  t.match(refused.stderr, /git push origin HEAD:refs\/for\/main/);
  const opened = await push('HEAD:refs/for/main');
  t.equal(opened.code, 0, opened.stderr);
  const [row] = await list(made.id);
  t.match(opened.stderr, `remote: Merge request !${row?.id}: ${lab.url}/merge-requests/${row?.id}`);
  t.match(row, { title: 'Measure two', description: 'Because one is few.', head: first });
  const again = await push('HEAD:refs/for/main');
  t.equal(again.code, 0, 'repeating the push changes nothing');
  const second = await commit(measurement('Pushed', 3), 'Three');
  const options = ['-o', 'title=Now three', '-o', 'draft', '-o', 'labels=now'];
  const moved = await push(...options, 'HEAD:refs/for/main');
  t.equal(moved.code, 0, moved.stderr);
  t.match(moved.stderr, /remote: warning: unknown push option "labels"/);
  const rows = await list(made.id);
  t.match(rows, [{ id: row?.id, head: second, title: 'Now three', draft: true }]);
  t.equal(rows.length, 1);
  await clone.git('fetch', '-q', 'origin', `refs/merge-requests/${row?.id}/head`);
  t.equal(await clone.git('rev-parse', 'FETCH_HEAD'), second);
  t.equal((await ada.client.definitions.read(made.id)).version, 1, 'main does not move');
});

t.test('a branch is one merge request, also when forced, invalid or deleted', async (t) => {
  const { made, clone, commit, push } = await createAndClone(t, 'Branched', ben);
  await commit('class Branched(:\n', 'Half done');
  const broken = await push('HEAD:refs/heads/idea');
  t.equal(broken.code, 0, 'work in progress is welcome');
  t.match(broken.stderr, /remote: validation: Branched\.py:1:/);
  const [row] = await list(made.id);
  const page = await ada.client.mergeRequests.read(row?.id ?? 0);
  t.match(page, { can_merge: false, source_ref: 'refs/heads/idea' });
  t.match(page.blockers.join(), /"validation" fails/);
  await clone.git('reset', '-q', '--hard', 'origin/main');
  const whole = await commit(measurement('Branched', 4), 'Whole');
  t.not((await push('HEAD:refs/heads/idea')).code, 0, 'git itself requires --force');
  t.equal((await push('--force', 'HEAD:refs/heads/idea')).code, 0);
  t.match(await list(made.id), [{ id: row?.id, head: whole }]);
  t.equal((await push('--delete', 'idea')).code, 0);
  t.match(await list(made.id), [{ id: row?.id, state: 'closed' }]);
  t.equal((await push('HEAD:refs/heads/idea')).code, 0);
  const [anew] = await list(made.id, 'open');
  t.not(anew?.id, row?.id, 'a new push opens a new one');
});

t.test('a push that cannot be reviewed is refused with the reason', async (t) => {
  const { made, clone, commit, push } = await createAndClone(t, 'Refused', ben);
  t.match((await push('HEAD:refs/for/main')).stderr, /nothing to review/);
  await commit(measurement('Refused', 2), 'Two');
  for (const ref of ['refs/for/other', 'refs/merge-requests/9/head', 'refs/replace/x/y']) {
    const result = await push(`HEAD:${ref}`);
    t.not(result.code, 0, ref);
    t.match(result.stderr, /HEAD:refs\/for\/main/, ref);
  }
  t.match((await push('HEAD:refs/tags/v9')).stderr, /only the registry creates tags/);
  await clone.git('checkout', '-q', '--orphan', 'alone');
  await clone.git('commit', '-qm', 'From nothing');
  t.match((await push('HEAD:refs/for/main')).stderr, /no common history/);
  const viewer = await gitResult(
    ['push', lab.gitUrl('Refused', cleo.token), 'HEAD:refs/for/main'],
    { cwd: clone.folder },
  );
  t.match(viewer.stderr, /remote: Only contributors and admins of the owning lab may propose/);
  t.same(await list(made.id), []);
});

t.test('a title allows less than a commit message', async (t) => {
  const { made, clone } = await createAndClone(t, 'Worded', ben);
  await clone.commit({ 'notes.txt': 'n\n' }, 'Notes');
  const raw = await clone.git('cat-file', 'commit', 'HEAD');
  const title = `\u001b[2J${'𝔸'.repeat(300)}`;
  const input = `${raw.split('\n\n')[0]}\n\n${title}\n\n${'x'.repeat(30_000)}\n`;
  const write = ['hash-object', '-t', 'commit', '-w', '--stdin'];
  const oid = (await git(write, { cwd: clone.folder, input })).trim();
  const pushed = await clone.push(`${oid}:refs/for/main`);
  t.equal(pushed.code, 0, pushed.stderr);
  const [row] = await list(made.id);
  t.equal(row?.title, `<U+001B>[2J${'𝔸'.repeat(189)}`);
  t.match(row?.description, /^x{20000}$/);
});

t.test('an atomic push moves all its refs or none', async (t) => {
  const { made, clone, commit, push } = await createAndClone(t, 'Atomic', ada);
  await clone.git('checkout', '-q', '-b', 'one');
  await commit(measurement('Atomic', 2), 'Two');
  const refused = await push('--atomic', 'one', 'HEAD:refs/for/other');
  t.not(refused.code, 0);
  t.same(await list(made.id), [], 'none');
  t.equal((await push('--atomic', 'one', 'one:two')).code, 0);
  t.equal((await list(made.id, 'open')).length, 2, 'all');
  await clone.git('checkout', '-q', '-b', 'three', 'origin/main');
  await commit(measurement('Atomic', 3), 'Three');
  const both = await push('--atomic', 'three:main', 'three:three');
  t.equal(both.code, 0, both.stderr);
  t.equal((await ada.client.definitions.read(made.id)).version, 2);
});

t.test('only people who may take part see and fetch changes under review', async (t) => {
  const { commit, push } = await createAndClone(t, 'Hidden', ben);
  const secret = await commit(measurement('Hidden', 2), 'Not yet');
  await push('HEAD:refs/heads/secret');
  const folder = t.testdir();
  const refs = (who: Person) =>
    git(['ls-remote', lab.gitUrl('Hidden', who.token)], { cwd: folder });
  t.match(await refs(ben), /refs\/heads\/secret[\s\S]*refs\/merge-requests\/\d+\/head/);
  for (const who of [cleo, dan]) {
    t.notMatch(await refs(who), /secret|merge-requests/, who.username);
    await git(['init', '-q', who.username], { cwd: folder });
    const cwd = join(folder, who.username);
    const taken = await gitResult(['fetch', lab.gitUrl('Hidden', who.token), secret], { cwd });
    t.not(taken.code, 0, 'its id does not work either');
  }
});
