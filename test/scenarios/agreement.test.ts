/** What a start compares, on both databases: identities, the audit trail, and the newest definitions. */
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { adopt, agree } from '../../registry/services/repair/agreement.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

/** A registry with two definitions, which belongs together. */
async function lab(t: Test, database: 'PGlite' | 'PostgreSQL'): Promise<TestLab> {
  const lab = await startLab(t, { database });
  for (const name of ['Meter', 'Motor']) {
    await lab.ada.client.definitions.create({ name, source_code: measurement(name) });
  }
  return lab;
}

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`a start compares database and repositories (${database})`, async (t) => {
    const registry = await lab(t, database);
    const { deps, ada, dataDir } = registry;
    const repos = join(dataDir, 'repos');
    const execute = (sql: string, values: unknown[] = []) => deps.store.em().execute(sql, values);
    const { id } = await ada.client.definitions.byName('Meter');

    await t.test('a registry of an older release gets its mark when all agrees', async (t) => {
      await rename(join(repos, 'Motor.git'), join(dataDir, 'Motor.git'));
      const without = await agree(deps);
      t.match(await without.differences(), [{ name: 'Motor', kind: 'missing' }]);
      t.same(
        await execute('select * from registry_identity'),
        [],
        'not while something is missing',
      );
      await rename(join(dataDir, 'Motor.git'), join(repos, 'Motor.git'));
      t.same(await (await agree(deps)).differences(), []);
      t.match(await execute('select * from registry_identity'), [{ id: 1, signing_key: /SHA256/ }]);
    });

    await t.test(
      'a start that finds nothing unusual reads no definition but the newest',
      async (t) => {
        await ada.client.definitions.create({ name: 'Third', source_code: measurement('Third') });
        t.ok(
          await deps.repositories.isUntouched(),
          'a creation by the registry is no foreign change',
        );
        const agreement = await agree(deps);
        await agreement.keep();
        t.same(await agreement.differences(), []);
      },
    );

    await t.test('a repository that vanishes while the registry runs', async (t) => {
      const agreement = await agree(deps);
      await rename(join(repos, 'Motor.git'), join(dataDir, 'Motor.git'));
      t.match(await agreement.differences(), [{ name: 'Motor', kind: 'missing' }]);
      await rename(join(dataDir, 'Motor.git'), join(repos, 'Motor.git'));
      t.same(await agreement.differences(), []);
    });

    await t.test('an empty folder beside rows', async (t) => {
      await rename(repos, `${repos}-away`);
      await cp(join(dataDir, 'journal'), join(repos, '.workshop'), { recursive: true });
      await t.rejects(agree(deps), {
        code: 'incomplete',
        message: /is empty.*3 definitions.*Mount/,
      });
      t.ok((await fsck(deps)).problems.length >= 3);
      await rm(repos, { recursive: true });
      await rename(`${repos}-away`, repos);
      t.same(await (await agree(deps)).differences(), []);
    });

    await t.test('older repositories', async (t) => {
      await cp(repos, `${repos}-older`, { recursive: true });
      await ada.client.definitions.change(id, { source_code: measurement('Meter', 2) });
      await rename(repos, `${repos}-newer`);
      await rename(`${repos}-older`, repos);
      await t.rejects(agree(deps), {
        code: 'incomplete',
        message: /older than the database.*Meter/,
      });
      await rename(repos, `${repos}-older`);
      await rename(`${repos}-newer`, repos);
      t.same(await (await agree(deps)).differences(), []);
    });

    await t.test('an older database', async (t) => {
      const agreement = await agree(deps);
      await agreement.keep();
      await ada.client.definitions.change(id, { source_code: measurement('Meter', 3) });
      await agreement.keep();
      // As after a recovery to a moment before the last change.
      await execute('alter table audit_events disable trigger user');
      await execute('delete from audit_events where id = (select max(id) from audit_events)');
      await execute('alter table audit_events enable trigger user');
      await execute('delete from versions where definition_id = ? and version = 3', [id]);
      await execute(
        'update definitions set version = 2, head = (select commit from versions where definition_id = ? and version = 2) where id = ?',
        [id, id],
      );
      const older = { code: 'incomplete', message: /database is older.*registry reindex/ };
      await t.rejects(agree(deps), older);
      t.match((await fsck(deps)).problems, [{ where: 'registry', problem: older.message }]);
      t.match(await reindex(deps), { missing: [], skipped: [] });
      t.same(await (await agree(deps)).differences(), []);
      t.match(await ada.client.definitions.byName('Meter'), { version: 3 });
    });

    await t.test('repositories of another registry', async (t) => {
      const [{ registry: own }] = (await execute('select registry from registry_identity')) as [
        { registry: string },
      ];
      await execute('update registry_identity set registry = gen_random_uuid()');
      const foreign = { code: 'incomplete', message: /another registry/ };
      await t.rejects(agree(deps), foreign);
      await t.rejects(reindex(deps), foreign, 'and reindex does not mix the two');
      await execute('update registry_identity set registry = ?', [own]);
      await adopt(deps);
      t.same(await (await agree(deps)).differences(), []);
    });
  });
}
