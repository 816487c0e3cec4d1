/** Deprecating, revoking and reinstating versions: who may do it, what it changes, and what it does not change. */
import { join } from 'node:path';
import t from 'tap';
import { readState } from '../../registry/services/content/files.ts';
import { git } from '../helpers/git.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement, type Person } from '../helpers/registry.ts';

let lab: TestLab;
let id: number;
t.before(async () => {
  lab = await startLab(t);
  ({ id } = await lab.ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  }));
  await lab.ada.client.definitions.change(id, { source_code: measurement('Meter', 2) });
});

const trail = async (action: string) => (await lab.admin.client.audit({ action })).items;

t.test(
  'a verdict appears on its version, on the definition, in git and in the audit trail',
  async (t) => {
    const { definitions } = lab.ada.client;
    const deprecated = { reason: 'loses samples', by: 'ada' };
    t.match(await definitions.deprecate(id, 2, 'loses samples'), { version: 2, deprecated });
    t.match(await definitions.revoke(id, 2, 'burns samples'), {
      deprecated,
      revoked: { reason: 'burns samples', by: 'ada', at: /Z$/ },
    });
    const [newest, oldest] = (await definitions.versions(id)).items;
    t.match(newest, { version: 2, deprecated, revoked: { reason: 'burns samples' } });
    t.match(oldest, { version: 1, deprecated: null, revoked: null });

    t.match(await definitions.read(id), { version: 2, revoked: { reason: 'burns samples' } });
    t.match(await definitions.read(id, 1), { version: 1, deprecated: null, revoked: null });
    t.match((await definitions.list()).items, [{ name: 'Meter', deprecated }]);

    const { state } = await readState(await lab.deps.repositories.open('Meter'));
    t.match(state, { revoked: { 2: { reason: 'burns samples', by: { username: 'ada' } } } });
    t.match(await trail('version.revoked'), [
      {
        actor: 'ada',
        subject_type: 'definition',
        subject: 'Meter',
        lab_id: lab.nano.id,
        before: { version: 2, deprecated: { reason: 'loses samples' }, revoked: null },
        after: { version: 2, revoked: { reason: 'burns samples' } },
      },
    ]);
  },
);

t.test('another reason replaces the first; the same one writes nothing', async (t) => {
  const { definitions } = lab.ada.client;
  const before = await definitions.revoke(id, 2, 'burns them, and the stage');
  t.match(before.revoked, { reason: 'burns them, and the stage' });
  t.same(await definitions.revoke(id, 2, 'burns them, and the stage'), before);
  t.equal((await trail('version.revoked')).length, 2);
});

t.test('history, main and clones keep a revoked version', async (t) => {
  const clone = join(t.testdir(), 'clone');
  await git(['clone', '-q', lab.gitUrl('Meter', lab.cleo.token), clone]);
  const log = await git(['log', '--format=%D', '--decorate=short'], { cwd: clone });
  t.match(log, /HEAD -> main, tag: v2/);
  t.match(await lab.ada.client.definitions.version(id, 2), {
    source_code: measurement('Meter', 2),
  });
});

t.test('a rollback to a revoked version is refused until it is reinstated', async (t) => {
  const { definitions } = lab.ada.client;
  await definitions.change(id, { source_code: measurement('Meter', 3) });
  t.match(await definitions.read(id), { version: 3, revoked: null, deprecated: null });
  await t.rejects(definitions.rollback(id, 2, 'back'), {
    status: 409,
    message: /the stage/,
  } as never);
  t.match(await definitions.reinstate(id, 2, 'it was the cable'), {
    deprecated: null,
    revoked: null,
  });
  t.match(await trail('version.reinstated'), [
    { before: { revoked: { by: { username: 'ada' } } }, after: { reason: 'it was the cable' } },
  ]);
  t.match(
    await definitions.reinstate(id, 2, 'again'),
    { revoked: null },
    'the version is not revoked',
  );
  t.equal((await trail('version.reinstated')).length, 1);
  t.match(await definitions.rollback(id, 2, 'back'), { version: 4 });
});

t.test('only admins of the lab set verdicts, with a token of scope write', async (t) => {
  const verdicts = ['deprecate', 'revoke', 'reinstate'] as const;
  const all = async (person: Pick<Person, 'client'>, status: number) => {
    for (const verdict of verdicts) {
      await t.rejects(
        person.client.definitions[verdict](id, 1, 'no'),
        { status } as never,
        verdict,
      );
    }
  };
  await all(lab.ben, 403);
  await all(lab.cleo, 403);
  await all(lab.dan, 404);
  await all({ client: lab.anonymous }, 404);
  await t.rejects(lab.ada.client.definitions.revoke(id, 99, 'no'), { status: 404 } as never);
  t.match(await lab.admin.client.definitions.revoke(id, 1, 'yes'), { revoked: { by: 'root' } });

  const { token } = await lab.ada.client.tokens.create({ name: 'ci', scope: 'write' });
  const answer = await fetch(`${lab.url}/api/instrument-definitions/${id}/versions/1/reinstate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"reason": "stands"}',
  });
  t.equal(answer.status, 200);
});
