/**
 * Actions at the very moment when a merge request is merged. The merge request stays as it landed, and every caller
 * gets a clear answer.
 */
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { repair } from '../../registry/services/repair/repair.ts';
import { addHead } from '../../registry/store/merge-requests.ts';
import { mergeRef } from '../../text/refs.ts';
import { type Clone, cloneOf } from '../helpers/clone.ts';
import type { GitResult } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement } from '../helpers/registry.ts';

const lab = await startLab(t);
const { ada, ben, deps } = lab;

/** Creates a definition with one approved merge request, which Ben pushed to `ref`. */
async function createApproved(t: Test, name: string, ref: string, on = lab) {
  const { ada, ben } = on;
  const { id: definition } = await ada.client.definitions.create({
    name,
    source_code: measurement(name),
    files: { 'notes.txt': 'n\n' },
  });
  const clone = await cloneOf(t, on, name, ben);
  await clone.commit({ [`${name}.py`]: measurement(name, 2) }, 'Two');
  const head = await clone.commit({ [`${name}.py`]: measurement(name, 3) }, 'Three');
  t.equal((await clone.push(`HEAD:${ref}`)).code, 0);
  const [row] = (await ada.client.mergeRequests.list({ definition_id: definition })).items;
  const id = row?.id ?? 0;
  await ada.client.mergeRequests.review(id, { verdict: 'approve', head });
  return { definition, clone, head, id };
}

/** Lets Ada merge just before the refs of this repository move the next time. */
async function mergeFirst(name: string, id: number, head: string) {
  const repository = await deps.repositories.open(name);
  const { updateRefs } = repository;
  repository.updateRefs = async (updates) => {
    repository.updateRefs = updateRefs;
    await ada.client.mergeRequests.merge(id, { head });
    await updateRefs.call(repository, updates);
  };
}

/** Lets Ada merge just after the refs of this repository have moved the next time. */
async function mergeThen(name: string, id: number, head: string) {
  const repository = await deps.repositories.open(name);
  const { updateRefs } = repository;
  repository.updateRefs = async (updates) => {
    repository.updateRefs = updateRefs;
    await updateRefs.call(repository, updates);
    await ada.client.mergeRequests.merge(id, { head });
  };
}

/** Asserts that the merge request is as it was approved and landed, in git and in the database. */
async function staysAsItLanded(t: Test, name: string, id: number, head: string) {
  const refs = await (await deps.repositories.open(name)).refs();
  t.equal(refs.get(`refs/merge-requests/${id}/head`)?.oid, head, 'its ref has not moved');
  const page = await ada.client.mergeRequests.read(id);
  t.match(page, { state: 'merged', merged_version: 2, head });
  t.same(
    page.heads.map(({ head }) => head),
    [head],
    'a push that came too late adds no head',
  );
  const landed = refs.get(`refs/merge-requests/${id}/merge`)?.oid;
  t.equal(landed, refs.get('refs/tags/v2')?.peeled, 'the merge ref is the landed version');
  const trail = await ada.client.audit({ subject_type: 'merge_request', subject_id: id });
  t.equal(trail.items[0]?.action, 'merge_request.merged', 'the merge is the last event');
}

/**
 * Runs the commands of the `remote:` lines in the clone. Returns the number of the merge request that the commands
 * open.
 */
async function follow({ git, push }: Clone, { stderr }: GitResult): Promise<number> {
  const advice = [...stderr.matchAll(/^remote: {3}git (.+?) *$/gm)].map(([, line = '']) => line);
  for (const command of advice.flatMap((line) => line.split(' && git '))) {
    if (!command.startsWith('push ')) await git(...command.split(' '));
  }
  const ref = /push origin (\S+)/.exec(advice.join('\n'))?.[1] ?? '';
  const [, id] = /Merge request !(\d+): http/.exec((await push(ref)).stderr) ?? [];
  return Number(id);
}

t.test('a push overtaken by the merge is refused with instructions', async (t) => {
  for (const [name, ref] of [
    ['Overtaken', 'refs/for/main'],
    ['OvertakenBranch', 'refs/heads/idea'],
  ] as const) {
    const { id, clone, head } = await createApproved(t, name, ref);
    await clone.commit({ 'notes.txt': 'more\n' }, 'More notes');
    await mergeFirst(name, id, head);
    const late = await clone.push(`HEAD:${ref}`);
    t.not(late.code, 0);
    t.match(late.stderr, `remote: Merge request !${id} has been merged as version 2`);
    await staysAsItLanded(t, name, id, head);
    const next = await follow(clone, late);
    t.ok(next > id, `${ref}: what is new is another merge request`);
    const page = await ada.client.mergeRequests.read(next);
    t.match(page, { source_ref: ref, commits: [{ message: 'More notes\n' }] });
    t.same(
      page.files.map(({ path }) => path),
      ['notes.txt'],
    );
    t.notMatch(page.blockers.join(), /conflict/);
  }
});

t.test('a push to a branch deleted meanwhile is refused with instructions', async (t) => {
  const { id, clone, head } = await createApproved(t, 'Hooked', 'refs/heads/idea');
  await clone.commit({ 'notes.txt': 'more\n' }, 'More notes');
  // git runs this hook after it has read the refs (githooks(5), "pre-push").
  const hook = join(clone.folder, '.git', 'hooks', 'pre-push');
  const call = {
    method: 'POST',
    headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ head }),
  };
  const url = `${lab.url}/api/merge-requests/${id}/merge`;
  const merge = `const { status } = await fetch('${url}', ${JSON.stringify(call)});
    process.exitCode = status === 200 ? 0 : 1;`;
  await writeFile(`${hook}.mjs`, merge);
  await writeFile(hook, `#!/bin/sh\nexec '${process.execPath}' '${hook}.mjs'\n`);
  await chmod(hook, 0o755);
  const late = await clone.push('HEAD:idea');
  t.not(late.code, 0);
  t.match(late.stderr, `remote: Merge request !${id} has been merged as version 2`);
  await staysAsItLanded(t, 'Hooked', id, head);
  await writeFile(hook, '#!/bin/sh\n');
  t.ok((await follow(clone, late)) > id);
});

t.test('closing, rebasing and saving over REST get the same answer', async (t) => {
  const ways = {
    Closed: (id: number) => ben.client.mergeRequests.close(id),
    Saved: (_: number, definition: number) =>
      ben.client.definitions.change(definition, { category: 'A' }),
  };
  for (const [name, act] of Object.entries(ways)) {
    const { definition, id, head } = await createApproved(t, name, 'refs/for/main');
    await mergeFirst(name, id, head);
    const problem = await problemOf(act(id, definition));
    t.match(problem, { status: 409, detail: new RegExp(`!${id} was merged as version 2`) }, name);
    await staysAsItLanded(t, name, id, head);
  }
});

t.test('a merge during a closing wins, and nothing waits for it', async (t) => {
  const { id, head } = await createApproved(t, 'Beaten', 'refs/for/main');
  await mergeThen('Beaten', id, head);
  t.match(await problemOf(ben.client.mergeRequests.close(id)), { status: 409, detail: /merged/ });
  await staysAsItLanded(t, 'Beaten', id, head);
  t.notMatch((await readdir(join(lab.dataDir, 'journal'))).join(), /Beaten/);
});

t.test('closing and editing between the refs and the index of a merge come too late', async (t) => {
  // The embedded database has one connection, so it cannot make only the index wait.
  const on = await startLab(t, { database: 'PostgreSQL' });
  const { definition, id, head } = await createApproved(t, 'Between', 'refs/for/main', on);
  const repository = await on.deps.repositories.open('Between');
  const { result } = await on.deps.store.transaction(async (em) => {
    // The update of the index waits for this lock (registry/store/indexing.ts).
    await em.execute('select pg_advisory_xact_lock(7001, ?)', [definition]);
    const result = on.ada.client.mergeRequests.merge(id, { head });
    result.catch(() => undefined);
    while (!(await repository.refs()).has(mergeRef(id))) await after(10);
    const { mergeRequests } = on.ben.client;
    for (const act of [
      () => mergeRequests.close(id),
      () => mergeRequests.edit(id, { draft: true }),
    ]) {
      const problem = await problemOf(act());
      t.match(problem, { status: 409, detail: new RegExp(`!${id} was merged as version 2`) });
    }
    return { result };
  });
  await result;
  const page = await on.ada.client.mergeRequests.read(id);
  t.match(page, { state: 'merged', draft: false, merged_version: 2 });
});

t.test('after repair, a head whose ref never moved is not a head', async (t) => {
  const { id, head, clone } = await createApproved(t, 'CutOff', 'refs/for/main');
  const note = { base: null, changes: '', pushed_by: ada.id, authors: ['ada@lab.example'] };
  const repaired = async () => {
    await addHead(deps.store.em(), id, { ...note, edits: null, head: 'f'.repeat(40) });
    await writeFile(join(lab.dataDir, 'journal', `CutOff~999999999.1.${hostname()}`), '');
    t.same(await repair(deps), { repaired: ['CutOff'], failed: [] });
    const page = await ada.client.mergeRequests.read(id);
    t.equal(page.heads.length, 1, 'repair removes the head that the refs never reached');
    return page;
  };
  t.match(await repaired(), { head, heads: [{ head }], can_merge: true });
  await ben.client.mergeRequests.close(id);
  t.match(await repaired(), { state: 'closed' }, 'closed during a push');
  await ben.client.mergeRequests.reopen(id);
  await clone.commit({ 'notes.txt': 'more\n' }, 'More notes');
  t.equal((await clone.push('HEAD:refs/for/main')).code, 0);
});
