/** Merge requests are pushed, read, landed and rebased by several people with real git. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LabChange } from '../../registry/schemas/people.ts';
import type { Caller } from '../../registry/services/caller.ts';
import { identifyToken } from '../../registry/services/people/identify.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { readMergeRequest } from '../../registry/services/review/view.ts';
import { allocateMergeRequestId } from '../../registry/store/merge-requests.ts';
import { openStore } from '../../registry/store/open.ts';
import { addComment } from '../../registry/store/reviews.ts';
import { type Clone, cloneOf } from '../helpers/clone.ts';
import { freshFolder } from '../helpers/databases.ts';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { admin, ada, ben, cleo, dan, deps, nano } = lab;
const eve = await lab.person('eve');
await admin.client.labs.addMember(nano.id, eve.id, 'contributor');

type Files = Record<string, string>;

/** Creates a definition with further files, landed by the admin of the lab. */
const define = (name: string, files: Files = {}) =>
  ada.client.definitions.create({ name, source_code: measurement(name), files });

let branches = 0;
/** `who` pushes one commit on a new branch from the newest version. */
async function propose(t: Test, who: Person, name: string, files: Files, title = 'Change it') {
  const clone = await cloneOf(t, lab, name, who);
  const branch = `branch-${++branches}`;
  await clone.git('checkout', '-q', '-b', branch);
  const head = await clone.commit(files, title);
  return { id: await pushForReview(clone, branch), head, clone, branch };
}

/** The number of the merge request in the output of the push. */
async function pushForReview(clone: Clone, ...args: string[]): Promise<number> {
  const { code, stderr } = await clone.push(...args);
  const [, id] = /^remote: Merge request !(\d+): http/m.exec(stderr) ?? [];
  if (code !== 0 || id === undefined) throw new Error(`git push ended with ${code}: ${stderr}`);
  return Number(id);
}

const read = (id: number) => ada.client.mergeRequests.read(id);
async function review(who: Person, id: number, verdict: 'approve' | 'request_changes' = 'approve') {
  const { head } = await read(id);
  return await who.client.mergeRequests.review(id, { verdict, head });
}
const merge = (who: Person, id: number, head: string, more: { override?: string } = {}) =>
  who.client.mergeRequests.merge(id, { head, ...more });
const policy = (fields: LabChange) => admin.client.labs.change(nano.id, fields);

t.test('a merge request lands as one commit that names its authors and approvers', async (t) => {
  const { id: definition } = await define('Landed');
  const { id, clone, branch } = await propose(
    t,
    ben,
    'Landed',
    { 'Landed.py': measurement('Landed', 2) },
    'Two\n\nAs said.\n\nApproved-by: Nobody <no@body>',
  );
  const eves = await cloneOf(t, lab, 'Landed', eve);
  await eves.git('checkout', '-q', branch);
  const head = await eves.commit({ 'notes.txt': 'n\n' }, 'Add notes');
  t.equal(await pushForReview(eves, branch), id, 'a colleague pushes to the same branch');
  const before = await read(id);
  t.match(before, { state: 'open', can_merge: false, approvals: { given: 0, required: 1 } });
  t.match(before.blockers, [/of 1 required approvals/]);
  t.match(before.diff, /\+ {8}return np.array\(\[\[2.0\]\]\)/);
  t.equal(before.commits.length, 2);
  t.same(
    before.checks.map(({ name, state }) => [name, state]),
    ['validation', 'import-policy', 'conflict', 'interface'].map((name) => [name, 'success']),
  );
  t.match(await problemOf(merge(ada, id, head)), { status: 409, code: 'not_mergeable' });

  await review(ada, id);
  t.match(await read(id), { can_merge: true, blockers: [], reviews: [{ standing: true }] });
  t.match(await problemOf(merge(ben, id, head)), { status: 403 }, 'a contributor does not land');
  const other = await problemOf(merge(ada, id, '0'.repeat(40)));
  t.match(other, { status: 409 }, 'the head differs from the reviewed one');
  const merged = await merge(ada, id, head);
  t.match(merged, { state: 'merged', merged_version: 2, merged_by: { username: 'ada' } });
  t.match(
    merged,
    { can_merge: false, diff: /notes\.txt/ },
    'a landed merge request can still be read',
  );
  t.match(await problemOf(merge(ada, id, head)), { status: 409 }, 'it cannot land twice');

  await clone.git('fetch', '-q', '--prune', 'origin');
  t.equal(
    await clone.git('log', '-1', '--format=%an|%cn|%B', 'origin/main'),
    [
      'ben|Ada|Two',
      '',
      'As said.',
      '',
      'Co-authored-by: eve <eve@lab.example>',
      `Merge-request: !${id}`,
      'Approved-by: Ada <ada@lab.example>',
      'Landed-by: Ada <ada@lab.example>',
    ].join('\n'),
    'the trailer that the message forges is left out',
  );
  t.notMatch(await clone.git('branch', '-r'), branch, 'the branch is deleted');
  const version = await ada.client.definitions.version(definition, 2);
  t.match(version, { merge_request: id, approvals: [{ by: { username: 'ada' }, head }] });
  const { items } = await ada.client.audit({ action: 'merge_request.merged', subject_id: id });
  t.match(items, [{ actor: 'ada', after: { version: 2 } }]);
});

t.test('only people who may propose see merge requests', async (t) => {
  await define('Hidden');
  const { id } = await propose(t, ben, 'Hidden', { 'a.txt': 'a\n' });
  for (const { client } of [ada, ben, admin]) t.equal((await client.mergeRequests.read(id)).id, id);
  for (const { client } of [cleo, dan]) {
    t.match(await problemOf(client.mergeRequests.read(id)), { status: 404 });
  }
  t.match(await problemOf(lab.anonymous.mergeRequests.read(id)), { status: 401 });
  const listed = await ada.client.mergeRequests.list({ state: 'open', author: 'ben', per_page: 1 });
  t.match(listed, { items: [{ id, author: { username: 'ben' } }], total: 1 });
  t.match(await dan.client.mergeRequests.list(), { items: [], total: 0 });
  t.match(await problemOf(lab.anonymous.mergeRequests.list()), { status: 401 });
});

t.test('approvals become stale after other changes and survive a plain rebase', async (t) => {
  await define('Rebased', { 'a.txt': '1\n2\n3\n4\n5\n', 'b.txt': 'b\n' });
  const kept = await propose(t, ben, 'Rebased', { 'a.txt': '1\n2\n3\n4\nfive\n' });
  const other = await propose(t, ben, 'Rebased', { 'b.txt': 'B\n' });
  for (const { id } of [kept, other]) await review(ada, id);
  await merge(ada, other.id, other.head);
  const moved = await ben.client.mergeRequests.rebase(kept.id, { head: kept.head });
  t.match(moved, { can_merge: true, approvals: { given: 1 } });
  t.not(moved.head, kept.head);

  const same = await propose(t, ben, 'Rebased', { 'a.txt': 'one\n2\n3\n4\n5\n' });
  const clash = await propose(t, ben, 'Rebased', { 'a.txt': '1\n2\n3\n4\n55\n' });
  for (const { id } of [same, clash]) await review(ada, id);
  await merge(ada, kept.id, moved.head);
  const stopped = await problemOf(merge(ada, same.id, same.head));
  t.match(stopped, { status: 409, detail: /main has changed a\.txt too/ });
  t.match((await read(clash.id)).blockers, [/a\.txt too: conflict in line 5/]);
  const failed = await problemOf(ben.client.mergeRequests.rebase(clash.id));
  t.match(failed, { status: 409, errors: [{ path: 'a.txt', message: /line 5/ }] });

  const rebased = await ben.client.mergeRequests.rebase(same.id);
  t.match(rebased, { can_merge: false, reviews: [{ standing: false, why: /different changes/ }] });
  await review(ada, same.id);
  await merge(ada, same.id, rebased.head);
  const { files } = await ada.client.definitions.byName('Rebased');
  t.equal(files['a.txt'], 'one\n2\n3\n4\nfive\n');
});

t.test('two merge requests with different files land concurrently', async (t) => {
  await define('Twice', { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  const both = [
    await propose(t, ben, 'Twice', { 'a.txt': 'A\n' }),
    await propose(t, ben, 'Twice', { 'b.txt': 'B\n' }),
  ];
  for (const { id } of both) await review(ada, id);
  const answers = await Promise.all(both.map(({ id, head }) => merge(ada, id, head)));
  t.match(answers, [{ state: 'merged' }, { state: 'merged' }]);
  t.match(await ada.client.definitions.byName('Twice'), {
    version: 3,
    files: { 'a.txt': 'A\n', 'b.txt': 'B\n' },
  });
});

t.test('a policy can be overridden with a recorded reason; other rules cannot', async (t) => {
  const { id: definition } = await define('Glass');
  const { id, head } = await propose(t, ben, 'Glass', { 'a.txt': 'a\n' });
  await review(ada, id, 'request_changes');
  await policy({
    required_checks: { bench: ben.id },
    owners: [{ pattern: '*.txt', users: [dan.id] }],
  });
  t.match((await read(id)).blockers, [
    /of 1 required approvals/,
    /ada has requested/,
    /"bench"/,
    /dan/,
  ]);
  await ben.client.mergeRequests.check(id, { name: 'bench', state: 'success' });
  t.match((await read(id)).blockers, [/of 1 required approvals/, /ada has requested/, /dan/]);
  await ben.client.mergeRequests.edit(id, { draft: true });
  const override = 'the cryostat is warming up';
  t.match(await problemOf(merge(ada, id, head, { override })), { status: 409, detail: /draft/ });
  await ben.client.mergeRequests.edit(id, { draft: false });
  t.match(await merge(ada, id, head, { override }), { state: 'merged' });
  await policy({ required_checks: {}, owners: [] });
  const { overrides } = await ada.client.definitions.version(definition, 2);
  t.match(overrides, [{ code: 'policy', message: /^the cryostat .*requested changes/ }]);
  const { items } = await ada.client.audit({ action: 'definition.overridden' });
  t.match(items, [{ actor: 'ada', after: { version: 2, reason: override } }]);

  const broken = await propose(t, ben, 'Glass', { 'Glass.py': 'import os\nclass Glass(:\n' });
  await review(ada, broken.id);
  const invalid = await problemOf(merge(ada, broken.id, broken.head, { override }));
  t.match(invalid, { status: 409, detail: /"validation" fails: Glass\.py:2/ });
});

t.test('breaking interface changes are shown and do not block', async (t) => {
  await define('Columns');
  const source = measurement('Columns')
    .replace('["value"]', '["other"]')
    .replace('self, name=', 'self, label=')
    .replace('__init__(name)', '__init__(label)');
  const { id } = await propose(t, ben, 'Columns', { 'Columns.py': source });
  await review(ada, id);
  const { interface: compared, can_merge, checks } = await read(id);
  t.match(compared, { breaking: true, changes: [{ kind: 'data_column', at: null }, {}] });
  const parameter = compared.changes.find(({ kind }) => kind === 'parameter');
  t.match(parameter, { message: /name is called label/, at: { file: 'Columns.py', line: 9 } });
  t.match(checks.find(({ name }) => name === 'interface')?.summary, /Columns\.py:9: the constr/);
  t.equal(can_merge, true);
});

t.test('a page takes a constant number of queries, and comments follow their lines', async (t) => {
  await define('Talked', { 'a.txt': '1\n2\n3\n' });
  const { id, head, clone, branch } = await propose(t, ben, 'Talked', {
    'a.txt': '1\n2\nthree\n',
  });
  const quiet = await propose(t, ben, 'Talked', { 'b.txt': 'b\n' });
  // Comments are inserted as rows, because the API would render the whole page for each.
  await deps.store.transaction(async (em) => {
    const by = { merge_request_id: id, author_id: ada.id, author: 'ada', in_reply_to: null };
    const at = { file: 'a.txt', side: 'new' as const, head, base: null };
    for (let n = 0; n < 200; n++) {
      await addComment(em, { ...by, ...at, line: (n % 3) + 1, body: `${n}` });
    }
  });
  for (let n = 0; n < 10; n++) await review(ada, id);
  for (let n = 0; n < 4; n++) {
    await clone.commit({ 'a.txt': `0.${n}\n1\n2\n3.${n}\n` }, `Change ${n}`);
    await pushForReview(clone, branch);
  }
  const identity = await identifyToken(deps.store, ada.token);
  const caller = { ...identity, address: '127.0.0.1' } as Caller;
  const queries = async (which: number) => {
    const em = deps.store.em();
    let count = 0;
    const connection = em.getConnection();
    const execute = connection.execute;
    connection.execute = ((...args: Parameters<typeof execute>) => {
      // The process also renews its lease as a follower (registry/store/follow.ts).
      if (!/\bfollowers\b/.test(String(args[0]))) count += 1;
      return execute.apply(connection, args);
    }) as typeof execute;
    try {
      await readMergeRequest(deps, caller, which);
    } finally {
      connection.execute = execute;
    }
    return count;
  };
  const few = await queries(quiet.id);
  t.equal(few, 3, 'the merge request, its definition, and all other rows');
  t.equal(await queries(id), few);
  const { comments } = await read(id);
  t.match(comments.slice(0, 3), [
    { original_line: 1, line: 2, outdated: false },
    { original_line: 2, line: 3, outdated: false },
    { original_line: 3, line: null, outdated: true },
  ]);
});

t.test(
  'after a reindex, versions still have their approvals, and numbers are not reused',
  async (t) => {
    const empty = await openStore({ folder: (await freshFolder()).folder });
    t.teardown(() => empty.close());
    const report = await reindex({ ...deps, store: empty });
    t.same(report.skipped, []);
    const rows = `select d.name, v.version, v.approvals, v.overrides, v.merge_request
                  from versions v join definitions d on d.id = v.definition_id order by 1, 2`;
    const rebuilt = await empty.em().execute<{ name: string; version: number }[]>(rows);
    t.same(rebuilt, await deps.store.em().execute(rows));
    const repos = join(lab.dataDir, 'repos');
    t.same([...new Set(rebuilt.map(({ name }) => name))], await deps.repositories.list());
    for (const { name, version, ...row } of rebuilt as never as Landed[]) {
      const cwd = join(repos, `${name}.git`);
      const format = '--format=%(trailers:key=Merge-request,key=Approved-by,valueonly)';
      const trailers = await git(['log', '-1', format, `v${version}`], { cwd });
      t.same(
        trailers.trim().split('\n').filter(Boolean),
        [
          ...(row.merge_request === null ? [] : [`!${row.merge_request}`]),
          ...row.approvals.map(({ by }) => `${by.name} <${by.email}>`),
        ],
        `${name} v${version}: trailers and rebuilt rows agree`,
      );
    }
    const next = await allocateMergeRequestId(empty.em());
    const numbers = await deps.store.em().execute('select max(id) as newest from merge_requests');
    t.ok(next > (numbers as [{ newest: number }])[0].newest);
  },
);

interface Landed {
  name: string;
  version: number;
  merge_request: number | null;
  approvals: { by: { name: string; email: string } }[];
}
