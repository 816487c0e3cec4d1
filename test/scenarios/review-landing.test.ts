/** Merge requests as they are read, landed and rebased. They are opened here as every door opens them: by steps. */
import t from 'tap';
import type { MergeRequest, MergeRequestPage } from '../../registry/schemas/review.ts';
import type { Caller } from '../../registry/services/caller.ts';
import { identifyToken } from '../../registry/services/identify.ts';
import { reindex } from '../../registry/services/reindex.ts';
import { examine } from '../../registry/services/review/examine.ts';
import { carryOut, moving, opening } from '../../registry/services/review/steps.ts';
import { page } from '../../registry/services/review/view.ts';
import { updateLab } from '../../registry/store/labs.ts';
import {
  allocateMergeRequestId,
  findMergeRequest,
  updateMergeRequest,
} from '../../registry/store/merge-requests.ts';
import { openStore } from '../../registry/store/open.ts';
import { addComment, addReview, putCheck } from '../../registry/store/reviews.ts';
import type { Oid } from '../../repos/types.ts';
import { freshFolder } from '../helpers/databases.ts';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { ada, ben, cleo, dan, rooms, nano } = lab;

async function ask<T = MergeRequestPage>(
  person: Person | null,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: T & { detail: string; errors: { message: string }[] } }> {
  const response = await fetch(`${lab.url}/api/merge-requests${path}`, {
    method,
    headers: {
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as never };
}

async function callerOf({ token }: Person): Promise<Caller> {
  const identity = await identifyToken(rooms.store, token);
  if (!identity) throw new Error('the token is not known');
  return { ...identity, address: '127.0.0.1' };
}

type Files = Record<string, string>;
const author = (person: Person) => ({
  name: person.username,
  email: `${person.username}@lab.example`,
  at: new Date(),
});
const bytesOf = (files: Files) =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

/** Makes a definition with these further files, landed by its lab's admin. */
async function define(name: string, files: Files = {}) {
  return await ada.client.definitions.create({ name, source_code: measurement(name), files });
}

/** One commit on a branch of `name` that starts at its newest version; opened by `who`. */
async function propose(who: Person, name: string, files: Files, title = 'Change it') {
  const repository = await rooms.repositories.open(name);
  const { id: definition_id } = await ada.client.definitions.byName(name);
  const base = await repository.head();
  const commit = await repository.commit({
    parent: base,
    changes: bytesOf(files),
    author: author(who),
    committer: author(who),
    message: `${title}\n`,
  });
  const id = await allocateMergeRequestId(rooms.store.em());
  const head = await examine(repository, base, commit, [await repository.readCommit(commit)]);
  const fields = {
    id,
    definition_id,
    definition: name,
    lab_id: nano.id,
    title,
    description: 'As said.\n\nApproved-by: Nobody <no@body>',
    draft: false,
    source_ref: `refs/heads/branch-${id}`,
  };
  const branch = [{ ref: fields.source_ref, from: null, to: commit }];
  await carryOut(rooms, repository, [opening(await callerOf(who), fields, head, branch)]);
  return { id, head: commit };
}

async function update(who: Person, id: number, files: Files): Promise<Oid> {
  const row = await findMergeRequest(rooms.store.em(), id);
  if (!row) throw new Error('no such merge request');
  const repository = await rooms.repositories.open(row.definition);
  const commit = await repository.commit({
    parent: row.head,
    changes: bytesOf(files),
    author: author(who),
    committer: author(who),
    message: 'More\n',
  });
  const added = [await repository.readCommit(row.head), await repository.readCommit(commit)];
  const branch = [{ ref: row.source_ref, from: row.head, to: commit }];
  const head = await examine(repository, row.base, commit, added);
  await carryOut(rooms, repository, [moving(await callerOf(who), row, head, branch)]);
  return commit;
}

async function review(who: Person, id: number, verdict: 'approve' | 'request_changes') {
  await rooms.store.transaction(async (em) => {
    const row = await findMergeRequest(em, id);
    if (!row) throw new Error('no such merge request');
    const { head, changes } = row;
    const by = { author_id: who.id, author: who.username };
    await addReview(em, { merge_request_id: id, ...by, verdict, body: '', head, changes });
  });
}

const read = async (id: number) => (await ask(ada, 'GET', `/${id}`)).body;
const merge = (who: Person, id: number, head: Oid, more = {}) =>
  ask(who, 'POST', `/${id}/merge`, { head, ...more });
const policy = (fields: Parameters<typeof updateLab>[2]) =>
  rooms.store.transaction((em) => updateLab(em, nano.id, fields));

t.test('a merge request lands as one commit that says who wrote and who approved it', async (t) => {
  const { id: definition } = await define('Landed');
  const { id } = await propose(ben, 'Landed', { 'Landed.py': measurement('Landed', 2) }, 'Two');
  const head = await update(cleo, id, { 'notes.txt': 'n\n' });
  const before = await read(id);
  t.match(before, { state: 'open', can_merge: false, approvals: { given: 0, required: 1 } });
  t.match(before.blockers, [/needs 1 approval/]);
  t.match(before.diff, /\+ {8}return np.array\(\[\[2.0\]\]\)/);
  t.equal(before.commits.length, 2);
  t.same(
    before.checks.map(({ name, state }) => [name, state]),
    ['validation', 'import-policy', 'conflict', 'interface'].map((name) => [name, 'success']),
  );
  const refused = await merge(ada, id, head);
  t.match(refused, { status: 409, body: { code: 'not_mergeable', errors: [/./] } } as object);

  await review(ada, id, 'approve');
  t.match(await read(id), { can_merge: true, blockers: [], reviews: [{ standing: true }] });
  t.equal((await merge(ben, id, head)).status, 403, 'a contributor does not land');
  t.equal((await merge(ada, id, '0'.repeat(40))).status, 409, 'another head than was looked at');
  const merged = await merge(ada, id, head);
  t.match(merged, { status: 200, body: { state: 'merged', merged_version: 2 } });
  t.match(merged.body, { merged_by: { username: 'ada' }, can_merge: false });
  t.match(merged.body.diff, /notes\.txt/, 'what landed can still be read');
  t.equal((await merge(ada, id, head)).status, 409, 'it lands once');

  const { path } = await rooms.repositories.open('Landed');
  const log = await git(['log', '-1', '--format=%an|%cn|%B', 'main'], { cwd: path });
  t.equal(
    log.trim(),
    [
      'ben|Ada|Two',
      '',
      'As said.',
      '',
      'Co-authored-by: cleo <cleo@lab.example>',
      `Merge-request: !${id}`,
      'Approved-by: Ada <ada@lab.example>',
      'Landed-by: Ada <ada@lab.example>',
    ].join('\n'),
    'the trailer that the description forges is left out',
  );
  t.notMatch(await git(['for-each-ref'], { cwd: path }), /refs\/heads\/branch/);
  const version = await ada.client.definitions.version(definition, 2);
  t.match(version, { merge_request: id, approvals: [{ by: { username: 'ada' }, head }] });
  const { items } = await ada.client.audit({ action: 'merge_request.merged', subject_id: id });
  t.match(items, [{ actor: 'ada', after: { version: 2 } }]);
});

t.test('merge requests are seen by those who may propose, and by nobody else', async (t) => {
  await define('Hidden');
  const { id } = await propose(ben, 'Hidden', { 'a.txt': 'a\n' });
  for (const [person, status] of [
    [ada, 200],
    [ben, 200],
    [lab.admin, 200],
    [cleo, 404],
    [dan, 404],
    [null, 401],
  ] as const) {
    t.equal((await ask(person, 'GET', `/${id}`)).status, status, person?.username ?? 'nobody');
  }
  type Listed = { items: MergeRequest[]; total: number };
  const listed = await ask<Listed>(ada, 'GET', '?state=open&author=ben&per_page=1');
  t.match(listed.body, { items: [{ id, author: { username: 'ben' } }], total: 1 });
  t.match((await ask<Listed>(dan, 'GET', '')).body, { items: [], total: 0 });
  t.equal((await ask(null, 'GET', '')).status, 401);
});

t.test('approvals are stale after other changes, and hold over a plain rebase', async (t) => {
  await define('Rebased', { 'a.txt': '1\n2\n3\n4\n5\n', 'b.txt': 'b\n' });
  const kept = await propose(ben, 'Rebased', { 'a.txt': '1\n2\n3\n4\nfive\n' });
  const other = await propose(ben, 'Rebased', { 'b.txt': 'B\n' });
  for (const { id } of [kept, other]) await review(ada, id, 'approve');
  t.equal((await merge(ada, other.id, other.head)).status, 200);
  const moved = await ask(ben, 'POST', `/${kept.id}/rebase`, { head: kept.head });
  t.match(moved, { status: 200, body: { can_merge: true, approvals: { given: 1 } } });
  t.not(moved.body.head, kept.head);

  const same = await propose(ben, 'Rebased', { 'a.txt': 'one\n2\n3\n4\n5\n' });
  const clash = await propose(ben, 'Rebased', { 'a.txt': '1\n2\n3\n4\n55\n' });
  for (const { id } of [same, clash]) await review(ada, id, 'approve');
  t.equal((await merge(ada, kept.id, moved.body.head)).status, 200);
  const stopped = await merge(ada, same.id, same.head);
  t.match(stopped, { status: 409, body: { detail: /main has changed a\.txt too/ } });
  t.match((await read(clash.id)).blockers, [/a\.txt too: conflict in line 5/]);
  const failed = await ask(ben, 'POST', `/${clash.id}/rebase`, {});
  t.match(failed, { status: 409, body: { errors: [{ path: 'a.txt', message: /line 5/ }] } });

  const rebased = await ask(ben, 'POST', `/${same.id}/rebase`, {});
  t.match(rebased.body, { can_merge: false, reviews: [{ standing: false, why: /other changes/ }] });
  await review(ada, same.id, 'approve');
  t.equal((await merge(ada, same.id, rebased.body.head)).status, 200);
  const { files } = await ada.client.definitions.byName('Rebased');
  t.equal(files['a.txt'], 'one\n2\n3\n4\nfive\n');
});

t.test('two that touch different files land at once', async (t) => {
  await define('Twice', { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  const both = [
    await propose(ben, 'Twice', { 'a.txt': 'A\n' }),
    await propose(ben, 'Twice', { 'b.txt': 'B\n' }),
  ];
  for (const { id } of both) await review(ada, id, 'approve');
  const answers = await Promise.all(both.map(({ id, head }) => merge(ada, id, head)));
  t.same(
    answers.map(({ status }) => status),
    [200, 200],
  );
  t.match(await ada.client.definitions.byName('Twice'), {
    version: 3,
    files: { 'a.txt': 'A\n', 'b.txt': 'B\n' },
  });
});

t.test('a policy can be set aside for a reason that stays; the rest cannot', async (t) => {
  const { id: definition } = await define('Glass');
  const { id, head } = await propose(ben, 'Glass', { 'a.txt': 'a\n' });
  await review(ada, id, 'request_changes');
  await policy({
    required_checks: { bench: ben.id },
    owners: [{ pattern: '*.txt', users: [dan.id] }],
  });
  t.match((await read(id)).blockers, [/needs 1/, /ada has requested/, /"bench"/, /dan/]);
  const check = { merge_request_id: id, head, name: 'bench', url: null, summary: null };
  await putCheck(rooms.store.em(), {
    ...check,
    state: 'success',
    account_id: ben.id,
    account: 'ben',
  });
  t.match((await read(id)).blockers, [/needs 1/, /ada has requested/, /dan/]);
  await rooms.store.transaction((em) => updateMergeRequest(em, id, { draft: true }));
  const override = 'the cryostat is warming up';
  t.match(await merge(ada, id, head, { override }), { status: 409, body: { detail: /draft/ } });
  await rooms.store.transaction((em) => updateMergeRequest(em, id, { draft: false }));
  t.match(await merge(ada, id, head, { override }), { status: 200, body: { state: 'merged' } });
  await policy({ required_checks: {}, owners: [] });
  const { overrides } = await ada.client.definitions.version(definition, 2);
  t.match(overrides, [{ code: 'policy', message: /^the cryostat .*requested changes/ }]);
  const { items } = await ada.client.audit({ action: 'definition.overridden' });
  t.match(items, [{ actor: 'ada', after: { version: 2, reason: override } }]);

  const broken = await propose(ben, 'Glass', { 'Glass.py': 'import os\nclass Glass(:\n' });
  await review(ada, broken.id, 'approve');
  const refused = await merge(ada, broken.id, broken.head, { override });
  t.match(refused, { status: 409, body: { detail: /"validation" fails: Glass\.py:2/ } });
});

t.test('what an interface loses is told and hinders nothing', async (t) => {
  await define('Columns');
  const source = measurement('Columns').replace('["value"]', '["other"]');
  const { id } = await propose(ben, 'Columns', { 'Columns.py': source });
  await review(ada, id, 'approve');
  const { interface: compared, can_merge } = await read(id);
  t.match(compared, { breaking: true, changes: [{ kind: 'data_column' }, {}] });
  t.equal(can_merge, true);
});

t.test(
  'a page takes as many queries whatever was said, and comments follow their lines',
  async (t) => {
    await define('Talked', { 'a.txt': '1\n2\n3\n' });
    const { id, head } = await propose(ben, 'Talked', { 'a.txt': '1\n2\nthree\n' });
    const quiet = await propose(ben, 'Talked', { 'b.txt': 'b\n' });
    await rooms.store.transaction(async (em) => {
      const by = { author_id: ada.id, author: 'ada' };
      for (let n = 0; n < 200; n++) {
        const at = { file: 'a.txt', line: (n % 3) + 1, side: 'new' as const, head, base: null };
        await addComment(em, {
          merge_request_id: id,
          ...by,
          body: `${n}`,
          in_reply_to: null,
          ...at,
        });
      }
    });
    for (let n = 0; n < 50; n++) await review(ada, id, 'approve');
    for (let n = 0; n < 20; n++) await update(ben, id, { 'a.txt': `0.${n}\n1\n2\n3.${n}\n` });
    const queries = async (which: number) => {
      const em = rooms.store.em();
      let count = 0;
      const connection = em.getConnection();
      const execute = connection.execute;
      connection.execute = ((...args: Parameters<typeof execute>) => {
        count += 1;
        return execute.apply(connection, args);
      }) as typeof execute;
      try {
        await page(rooms, await callerOf(ada), which);
      } finally {
        connection.execute = execute;
      }
      return count;
    };
    const few = await queries(quiet.id);
    t.ok(few > 3 && few < 20, `${few} queries`);
    t.equal(await queries(id), few);
    const { comments } = await read(id);
    t.match(comments.slice(0, 3), [
      { original_line: 1, line: 2, outdated: false },
      { original_line: 2, line: 3, outdated: false },
      { original_line: 3, line: null, outdated: true },
    ]);
  },
);

t.test(
  'an empty database has versions with approvals again, and gives no number twice',
  async (t) => {
    const empty = await openStore({ folder: (await freshFolder()).folder });
    t.teardown(() => empty.close());
    const report = await reindex(empty, rooms.repositories);
    t.same(report.skipped, []);
    const rows = `select d.name, v.version, v.approvals, v.overrides, v.merge_request
                  from versions v join definitions d on d.id = v.definition_id order by 1, 2`;
    t.same(await empty.em().execute(rows), await rooms.store.em().execute(rows));
    const next = await allocateMergeRequestId(empty.em());
    const numbers = await rooms.store.em().execute('select max(id) as newest from merge_requests');
    t.ok(next > (numbers as [{ newest: number }])[0].newest);
  },
);
