/** Definitions and versions in the database are an index. git restores them, including their ids. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { OPERATOR } from '../../registry/services/caller.ts';
import { landFirstVersion } from '../../registry/services/definitions/first-version.ts';
import { fillContents } from '../../registry/services/repair/fill-contents.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { newestAuditId } from '../../registry/store/audit.ts';
import { openStore, type Store } from '../../registry/store/open.ts';
import { freshDatabase, freshFolder } from '../helpers/databases.ts';
import { git } from '../helpers/git.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { type DatabaseKind, measurement } from '../helpers/registry.ts';

/** Every column of every row, including generated columns. */
async function rowsOf(store: Store) {
  const all = (sql: string) => store.em().execute<Record<string, unknown>[]>(sql);
  return {
    definitions: await all('select * from definitions order by id'),
    versions: await all('select * from versions order by definition_id, version'),
  };
}

/** Creates a lab with every kind of event that the history of a definition can record. */
async function livelyLab(t: Test, database: DatabaseKind): Promise<TestLab> {
  const lab = await startLab(t, { database });
  const { ada, admin, deps } = lab;
  const { definitions } = ada.client;
  const create = (name: string, more = {}) =>
    definitions.create({ name, source_code: measurement(name), ...more });

  const meter = await create('Meter', {
    category: 'Multimeters',
    settings_schema: { type: 'object', properties: { range: { type: 'number', minimum: 1e-9 } } },
    default_settings: { range: 0.1 },
    change_summary: 'The first\n\nLanded-by: somebody else',
  });
  await definitions.change(meter.id, { files: { 'helper.py': 'GAIN = 2\n', 'data/a.txt': 'ü\n' } });
  await definitions.change(meter.id, {
    source_code: measurement('Meter', 2),
    description: 'Ω \u{1F52C}',
  });
  await definitions.rollback(meter.id, 1, 'it was better');

  await definitions.deprecate(meter.id, 2, 'loses samples');
  await definitions.revoke(meter.id, 3, 'burns samples');
  await definitions.revoke(meter.id, 1, 'by mistake');
  await definitions.reinstate(meter.id, 1, 'it stands');

  const gone = await create('Gone');
  await definitions.archive(gone.id);
  const back = await create('Back');
  await definitions.archive(back.id);
  await definitions.restore(back.id);
  await create('Shared', { is_public: true });
  const moved = await create('Moved');
  await admin.client.definitions.change(moved.id, { lab_id: lab.other.id, category: 'Elsewhere' });
  const files = new Map([['Shipped.py', Buffer.from(measurement('Shipped'))]]);
  const overrides = [{ code: 'banned-import', message: 'os, by an administrator' }];
  await landFirstVersion(deps, OPERATOR, {
    name: 'Shipped',
    files,
    lab: null,
    isPublic: true,
    isBuiltin: true,
    summary: 'Ship it',
    overrides,
  });

  await landReviewed(lab);

  await create('Foreign');
  const clone = join(t.testdir(), 'clone');
  await git(['clone', '-q', lab.gitUrl('Foreign', ada.token), clone]);
  const latin = `# -*- coding: latin-1 -*-\n${measurement('Foreign', 3).replace('in volts', 'in µV')}`;
  await writeFile(join(clone, 'Foreign.py'), Buffer.from(latin, 'latin1'));
  await git(['commit', '-qam', 'Mikrovolt, ü'], { cwd: clone });
  await writeFile(join(clone, 'Foreign.py'), Buffer.from(latin.replace('3.0', '4.0'), 'latin1'));
  await git(['commit', '-qam', 'Four'], { cwd: clone });
  await git(['push', '-q', 'origin', 'HEAD:main'], { cwd: clone });
  return lab;
}

/** Versions that landed by review and by override. Some of these versions are deprecated or revoked. */
async function landReviewed({ ada, admin, ben, nano }: TestLab): Promise<void> {
  const { definitions, labs, mergeRequests } = ada.client;
  const { id } = await definitions.create({
    name: 'Reviewed',
    source_code: measurement('Reviewed'),
  });
  const propose = async (value: number) => {
    const change_summary = `Measure ${value}\n\nApproved-by: nobody <no@body>`;
    const source_code = measurement('Reviewed', value);
    await ben.client.definitions.change(id, { source_code, change_summary });
    const { items } = await mergeRequests.list({ definition_id: id, state: 'open' });
    return items[0] as { id: number; head: string };
  };
  const first = await propose(2);
  for (const { client } of [admin, ada]) {
    await client.mergeRequests.review(first.id, { verdict: 'approve', head: first.head });
  }
  await mergeRequests.merge(first.id, { head: first.head });
  const second = await propose(3);
  await mergeRequests.merge(second.id, { head: second.head, override: 'the magnet quenches' });
  await definitions.revoke(id, 3, 'it measures three');
  await labs.change(nano.id, { direct_landing: 'nobody' });
  await definitions.rollback(id, 2, 'two it is', { override: 'nobody is here' });
  await labs.change(nano.id, { direct_landing: 'admins' });
  await definitions.deprecate(id, 2, 'version 4 is the same');
  await propose(4);
}

async function emptyStore(t: Test, kind: DatabaseKind): Promise<Store> {
  const store = await openStore(kind === 'PGlite' ? await freshFolder() : await freshDatabase());
  t.teardown(() => store.close());
  return store;
}

interface Merged {
  version: number;
  merge_request: number;
  approvals: { by: { name: string; email: string } }[];
  overrides: { message: string }[];
}

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`reindex rebuilds every row from the repositories alone (${database})`, async (t) => {
    const lab = await livelyLab(t, database);
    const { deps } = lab;
    const { store } = deps;
    const before = await rowsOf(store);
    t.equal(before.definitions.length, 8);
    t.equal(before.versions.filter(({ deprecated, revoked }) => deprecated ?? revoked).length, 4);
    t.equal(before.versions.length, 4 + 1 + 1 + 1 + 2 + 1 + 4 + 3);

    await t.test('reindex in place changes nothing', async (t) => {
      const newest = await newestAuditId(store.em());
      t.match(await reindex(deps), { definitions: 8, removed: [], skipped: [] });
      t.same(await rowsOf(store), before);
      t.equal(await newestAuditId(store.em()), newest, 'it adds no audit entry');
    });

    await t.test(
      'reindex in an empty database creates the same rows, without unknown users',
      async (t) => {
        const fresh = await emptyStore(t, database);
        t.match(await reindex({ ...deps, store: fresh }), {
          definitions: 8,
          versions: 17,
          skipped: [],
        });
        t.same(await rowsOf(fresh), before);

        const users = await fresh.em().execute('select * from users order by username');
        t.match(users, [
          // The creator of all definitions, and the site admin who landed a version of the moved definition.
          {
            id: lab.ada.id,
            username: 'ada',
            email: 'ada@lab.example',
            disabled: true,
            password_hash: null,
          },
          {
            id: lab.admin.id,
            username: 'root',
            disabled: true,
            password_hash: null,
            is_admin: false,
          },
        ]);
        const labs = await fresh
          .em()
          .execute('select id, code, name, disabled from labs order by id');
        t.same(labs, [
          { id: lab.nano.id, code: 'nano', name: 'Nano Optics', disabled: true },
          { id: lab.other.id, code: 'cold', name: 'Cold Atoms', disabled: true },
        ]);
        t.match(await reindex({ ...deps, store: fresh }), { definitions: 8 });
        t.same(await rowsOf(fresh), before, 'a second reindex changes nothing');
      },
    );

    await t.test(
      'data that an older registry did not index is filled in as a landing would',
      async (t) => {
        await store.em().execute('update versions set files = null where version = 1');
        await store.em().execute('update versions set described = null where version = 2');
        const { filled, failed } = await fillContents(deps, new AbortController().signal);
        t.ok(filled > 2);
        t.same(failed, []);
        t.same(await rowsOf(store), before);
      },
    );

    await t.test('approvals and overrides equal those in the commits', async (t) => {
      const fresh = await emptyStore(t, database);
      await reindex({ ...deps, store: fresh });
      const { versions } = await rowsOf(fresh);
      const merged = versions.filter(({ merge_request }) => merge_request !== null);
      t.match(merged, [
        { version: 2, approvals: [{ by: { username: 'root' } }, { by: { username: 'ada' } }] },
        { version: 3, approvals: [], overrides: [{ code: 'policy', message: /^the magnet/ }] },
      ]);
      const cwd = join(lab.dataDir, 'repos', 'Reviewed.git');
      for (const { version, ...row } of merged as never as Merged[]) {
        const log = ['log', '-1', '--format=%(trailers:only,unfold)', `v${version}`];
        t.same((await git(log, { cwd })).trim().split('\n'), [
          `Merge-request: !${row.merge_request}`,
          ...row.approvals.map(({ by }) => `Approved-by: ${by.name} <${by.email}>`),
          'Landed-by: Ada <ada@lab.example>',
          ...row.overrides.map(({ message }) => `Override: ${message}`),
        ]);
      }
    });

    await t.test('a definition created afterwards gets an unused id', async (t) => {
      const known = new Set(before.definitions.map(({ id }) => id));
      const made = await lab.ada.client.definitions.create({
        name: 'Later',
        source_code: measurement('Later'),
      });
      t.notOk(known.has(made.id));
      await lab.ada.client.definitions.archive(made.id);
    });

    await t.test('an admin can have a missing repository deleted from the index', async (t) => {
      await rm(join(lab.dataDir, 'repos', 'Later.git'), { recursive: true });
      await rm(join(lab.dataDir, 'repos', 'Shared.git'), { recursive: true });
      const { removed } = await reindex(deps, { deleteMissing: true });
      t.same(removed.sort(), ['Later', 'Shared']);
      const shared = before.definitions.find(({ name }) => name === 'Shared')?.id;
      t.same(await rowsOf(store), {
        definitions: before.definitions.filter(({ id }) => id !== shared),
        versions: before.versions.filter(({ definition_id }) => definition_id !== shared),
      });
    });
  });
}
