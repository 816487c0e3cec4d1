/** Review with git alone: branches and refs/for/main become merge requests (contract section 4). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { MergeRequest, MergeRequestPage } from '../../registry/schemas/review.ts';
import { git, gitResult } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { ada, ben, cleo, dan, nano } = lab;

async function get<T>(person: Person, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${person.token}` };
  return (await (await fetch(lab.url + path, { headers })).json()) as T;
}
const list = async (query: string) =>
  (await get<{ items: MergeRequest[] }>(ada, `/api/merge-requests?${query}`)).items;

/** A definition and a clone of it by `who`, ready to commit. */
async function cloned(t: Test, name: string, who: Person) {
  const source_code = measurement(name);
  const body = { name, source_code, lab_id: nano.id, is_public: true };
  const made = await ada.client.definitions.create(body);
  const folder = t.testdir();
  await git(['clone', '-q', lab.gitUrl(name, who.token), folder], { cwd: folder });
  const identity = [
    ['user.name', who.username],
    ['user.email', `${who.username}@lab.example`],
  ];
  for (const [key = '', value = ''] of identity) await git(['config', key, value], { cwd: folder });
  const write = (text: string) => writeFile(join(folder, `${name}.py`), text);
  const commit = async (text: string, message: string) => {
    await write(text);
    await git(['commit', '-qam', message], { cwd: folder });
    return (await git(['rev-parse', 'HEAD'], { cwd: folder })).trim();
  };
  const push = (...args: string[]) => gitResult(['push', 'origin', ...args], { cwd: folder });
  return { made, folder, commit, push };
}

t.test('refs/for/main opens a merge request, and the next push to it moves it', async (t) => {
  const { made, folder, commit, push } = await cloned(t, 'Pushed', ben);
  const first = await commit(measurement('Pushed', 2), 'Measure two\n\nBecause one is few.');
  const refused = await push('HEAD:main');
  t.not(refused.code, 0);
  t.match(refused.stderr, /git push origin HEAD:refs\/for\/main/);
  const opened = await push('HEAD:refs/for/main');
  t.equal(opened.code, 0, opened.stderr);
  const [row] = await list(`definition_id=${made.id}`);
  t.match(opened.stderr, `remote: Merge request !${row?.id}: ${lab.url}/merge-requests/${row?.id}`);
  t.match(row, { title: 'Measure two', description: 'Because one is few.', head: first });
  const again = await push('HEAD:refs/for/main');
  t.equal(again.code, 0, 'the same once more changes nothing');
  const second = await commit(measurement('Pushed', 3), 'Three');
  t.equal((await push('-o', 'title=Now three', '-o', 'draft', 'HEAD:refs/for/main')).code, 0);
  const rows = await list(`definition_id=${made.id}`);
  t.match(rows, [{ id: row?.id, head: second, title: 'Now three', draft: true }]);
  t.equal(rows.length, 1);
  await git(['fetch', '-q', 'origin', `refs/merge-requests/${row?.id}/head`], { cwd: folder });
  t.equal((await git(['rev-parse', 'FETCH_HEAD'], { cwd: folder })).trim(), second);
  t.equal((await ada.client.definitions.read(made.id)).version, 1, 'and main stays');
});

t.test('a branch is one merge request: forced, broken, deleted', async (t) => {
  const { made, folder, commit, push } = await cloned(t, 'Branched', ben);
  await commit('class Branched(:\n', 'Half done');
  const broken = await push('HEAD:refs/heads/idea');
  t.equal(broken.code, 0, 'work in progress is welcome');
  t.match(broken.stderr, /remote: validation: Branched\.py:1:/);
  const [row] = await list(`definition_id=${made.id}`);
  const page = await get<MergeRequestPage>(ada, `/api/merge-requests/${row?.id}`);
  t.match(page, { can_merge: false, source_ref: 'refs/heads/idea' });
  t.match(page.blockers.join(), /"validation" fails/);
  await git(['reset', '-q', '--hard', 'origin/main'], { cwd: folder });
  const whole = await commit(measurement('Branched', 4), 'Whole');
  t.not((await push('HEAD:refs/heads/idea')).code, 0, 'git itself asks for --force');
  t.equal((await push('--force', 'HEAD:refs/heads/idea')).code, 0);
  t.match(await list(`definition_id=${made.id}`), [{ id: row?.id, head: whole }]);
  t.equal((await push('--delete', 'idea')).code, 0);
  t.match(await list(`definition_id=${made.id}`), [{ id: row?.id, state: 'closed' }]);
  t.equal((await push('HEAD:refs/heads/idea')).code, 0);
  const [anew] = await list(`definition_id=${made.id}&state=open`);
  t.not(anew?.id, row?.id, 'a new push opens a new one');
});

t.test('what is not for review is refused and says why', async (t) => {
  const { made, folder, commit, push } = await cloned(t, 'Refused', ben);
  t.match((await push('HEAD:refs/for/main')).stderr, /nothing to review/);
  await commit(measurement('Refused', 2), 'Two');
  for (const ref of ['refs/for/other', 'refs/merge-requests/9/head', 'refs/replace/x/y']) {
    const result = await push(`HEAD:${ref}`);
    t.not(result.code, 0, ref);
    t.match(result.stderr, /HEAD:refs\/for\/main/, ref);
  }
  t.match((await push('HEAD:refs/tags/v9')).stderr, /tags are made by the registry/);
  await git(['checkout', '-q', '--orphan', 'alone'], { cwd: folder });
  await git(['commit', '-qm', 'From nothing'], { cwd: folder });
  t.match((await push('HEAD:refs/for/main')).stderr, /no common history/);
  const viewer = await gitResult(
    ['push', lab.gitUrl('Refused', cleo.token), 'HEAD:refs/for/main'],
    { cwd: folder },
  );
  t.match(viewer.stderr, /you may not propose changes/);
  t.same(await list(`definition_id=${made.id}`), []);
});

t.test('an atomic push moves all its refs or none', async (t) => {
  const { made, folder, commit, push } = await cloned(t, 'Atomic', ada);
  await git(['checkout', '-q', '-b', 'one'], { cwd: folder });
  await commit(measurement('Atomic', 2), 'Two');
  const refused = await push('--atomic', 'one', 'HEAD:refs/for/other');
  t.not(refused.code, 0);
  t.same(await list(`definition_id=${made.id}`), [], 'none');
  t.equal((await push('--atomic', 'one', 'one:two')).code, 0);
  t.equal((await list(`definition_id=${made.id}&state=open`)).length, 2, 'all');
  await git(['checkout', '-q', '-b', 'three', 'origin/main'], { cwd: folder });
  await commit(measurement('Atomic', 3), 'Three');
  const both = await push('--atomic', 'three:main', 'three:three');
  t.equal(both.code, 0, both.stderr);
  t.equal((await ada.client.definitions.read(made.id)).version, 2);
});

t.test('only those who may take part see and fetch what is under review', async (t) => {
  const { commit, push } = await cloned(t, 'Hidden', ben);
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
    t.not(taken.code, 0, 'not by its id either');
  }
});
