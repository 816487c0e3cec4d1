/**
 * Permissions for imports that a lab bans: how they are requested, granted by a lab admin, kept, dropped and withdrawn.
 */
import t, { type Test } from 'tap';
import { parseRecord } from '../../registry/definitions/record.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement, type Person } from '../helpers/registry.ts';

const lab = await startLab(t);
const { ada, ben, deps } = lab;

/** A definition that uses `ctypes`. `value` distinguishes its versions. */
const vendor = (name: string, value = 1) => `import ctypes\n${measurement(name, value)}`;
const asking = (name: string, names: string[], source = measurement(name)) =>
  `# /// script\n# [tool.pybirch]\n# permissions = ${JSON.stringify(names)}\n# ///\n${source}`;

let branches = 0;
async function propose(t: Test, who: Person, name: string, source: string) {
  const clone = await cloneOf(t, lab, name, who);
  const branch = `branch-${++branches}`;
  await clone.git('checkout', '-q', '-b', branch);
  const head = await clone.commit({ [`${name}.py`]: source }, 'Change it');
  const { code, stderr } = await clone.push(branch);
  const [, id] = /Merge request !(\d+): http/.exec(stderr) ?? [];
  if (code !== 0 || id === undefined) throw new Error(stderr);
  return { id: Number(id), head, clone, stderr };
}

const read = (id: number) => ada.client.mergeRequests.read(id);
const approve = (who: Person, id: number, head: string, grants?: string[]) =>
  who.client.mergeRequests.review(id, { verdict: 'approve', head, ...(grants && { grants }) });
const merge = (id: number, head: string) => ada.client.mergeRequests.merge(id, { head });

/** The permissions in the signed tag of a version. */
async function permissionsOf(name: string, version: number): Promise<string[] | undefined> {
  const repository = await deps.repositories.open(name);
  const tagged = await repository.version(version);
  return tagged && parseRecord(tagged.record).permissions;
}

t.test(
  'a change without its permissions does not land, and the review says what to do',
  async (t) => {
    await ada.client.definitions.create({ name: 'Asks', source_code: measurement('Asks') });
    const { id, head, stderr } = await propose(t, ben, 'Asks', vendor('Asks'));
    t.match(stderr, /import-policy: a lab admin can grant it .*Asks\.py:1:8: Importing ctypes/);
    const before = await read(id);
    t.strictSame(before.permissions, [
      {
        name: 'ctypes',
        asked: false,
        granted: false,
        granted_by: null,
        places: [{ file: 'Asks.py', line: 1, column: 8 }],
      },
    ]);
    await approve(ada, id, head);
    t.match((await read(id)).blockers, [/"import-policy" fails: a lab admin can grant it/]);
    t.match(await problemOf(merge(id, head)), { status: 409, code: 'not_mergeable' });

    await approve(ada, id, head, ['ctypes']);
    t.match(await read(id), {
      can_merge: true,
      permissions: [{ name: 'ctypes', granted: true, granted_by: 'ada' }],
    });
    await merge(id, head);
    t.strictSame(await permissionsOf('Asks', 2), ['ctypes'], 'the signed tag contains it');
    t.match(await read(id), { permissions: [{ name: 'ctypes', granted: true }] });
    const { items } = await ada.client.audit({ action: 'merge_request.reviewed', subject_id: id });
    t.ok(
      items.some(({ after }) => JSON.stringify(after).includes('"grants":["ctypes"]')),
      'the audit trail contains the grant',
    );
  },
);

t.test('a grant is bound to the reviewed head', async (t) => {
  await ada.client.definitions.create({ name: 'Moves', source_code: measurement('Moves') });
  const { id, head, clone } = await propose(t, ben, 'Moves', vendor('Moves'));
  await approve(ada, id, head, ['ctypes']);
  const next = await clone.commit({ 'Moves.py': vendor('Moves', 2) }, 'Something else');
  await clone.push(`branch-${branches}`);
  await approve(ada, id, next);
  t.match(await read(id), { can_merge: false, permissions: [{ name: 'ctypes', granted: false }] });
});

t.test('only an admin of the lab can grant, with an approval', async (t) => {
  await ada.client.definitions.create({ name: 'Whose', source_code: measurement('Whose') });
  const { id, head } = await propose(t, ben, 'Whose', vendor('Whose'));
  const eve = await lab.person('eve');
  await lab.admin.client.labs.addMember(lab.nano.id, eve.id, 'contributor');
  t.match(await problemOf(approve(eve, id, head, ['ctypes'])), { status: 403 });
  const comment = { verdict: 'comment' as const, head, grants: ['ctypes'] };
  t.match(await problemOf(ada.client.mergeRequests.review(id, comment)), { status: 422 });
  const strange = ['../etc', 'a b', '', 'é'];
  for (const name of strange) {
    t.match(await problemOf(approve(ada, id, head, [name])), { status: 422 }, JSON.stringify(name));
  }
  t.match(await read(id), { permissions: [{ granted: false }], reviews: [] });
});

t.test('a definition keeps its permissions while it needs them', async (t) => {
  const { id: definition } = await ada.client.definitions.create({
    name: 'Keeps',
    source_code: vendor('Keeps'),
    grants: ['ctypes', 'subprocess'],
  });
  t.strictSame(
    await permissionsOf('Keeps', 1),
    ['ctypes'],
    'permissions that it does not need are left out',
  );
  const { id, head } = await propose(t, ben, 'Keeps', vendor('Keeps', 2));
  t.match(await read(id), { permissions: [{ name: 'ctypes', granted: true, granted_by: null }] });
  await approve(ada, id, head);
  await merge(id, head);
  t.strictSame(await permissionsOf('Keeps', 2), ['ctypes'], 'a later version keeps the permission');
  const change = (source_code: string, grants?: string[]) =>
    ada.client.definitions.change(definition, { source_code, ...(grants && { grants }) });
  await change(measurement('Keeps', 3));
  t.strictSame(
    await permissionsOf('Keeps', 3),
    [],
    'a version that no longer needs the permission loses it',
  );
  t.match(
    await problemOf(change(vendor('Keeps', 4))),
    { status: 422 },
    'it must be requested again',
  );
  await ada.client.definitions.rollback(definition, 2, 'It was better');
  t.strictSame(
    await permissionsOf('Keeps', 4),
    ['ctypes'],
    'a rollback restores the permissions of that version',
  );
  const { items } = await ada.client.definitions.versions(definition, { page: 1 });
  t.strictSame(
    items.map(({ version, permissions }) => [version, permissions]),
    [
      [4, ['ctypes']],
      [3, []],
      [2, ['ctypes']],
      [1, ['ctypes']],
    ],
  );
  t.match(
    await problemOf(change(vendor('Keeps', 5), [])),
    { status: 422 },
    'an admin who withdraws a permission must also remove its use',
  );
  await reindex(deps);
  const again = await ada.client.definitions.versions(definition, { page: 1 });
  t.strictSame(again.items, items, 'the index rebuilt from git is the same');
});

t.test('permissions requested in the header must be granted or removed', async (t) => {
  await ada.client.definitions.create({ name: 'Header', source_code: measurement('Header') });
  const source = asking('Header', ['subprocess']);
  const { id, head } = await propose(t, ben, 'Header', source);
  t.match(await read(id), {
    permissions: [{ name: 'subprocess', asked: true, granted: false, places: [] }],
    blockers: [/asks for subprocess, which no lab admin has granted/, /approval/],
  });
  await approve(ada, id, head, ['subprocess']);
  await merge(id, head);
  t.strictSame(
    await permissionsOf('Header', 2),
    ['subprocess'],
    'a requested permission counts as needed',
  );
});

t.test('a push to main can grant with an option', async (t) => {
  await ada.client.definitions.create({ name: 'Pushed', source_code: measurement('Pushed') });
  const clone = await cloneOf(t, lab, 'Pushed', ada);
  await clone.commit({ 'Pushed.py': vendor('Pushed') }, 'Use the vendor library');
  const plain = await clone.push('HEAD:main');
  t.not(plain.code, 0);
  t.match(plain.stderr, /Importing ctypes is not allowed here/);
  const granted = await clone.push('-o', 'grant=ctypes', 'HEAD:main');
  t.equal(granted.code, 0, granted.stderr);
  t.strictSame(await permissionsOf('Pushed', 2), ['ctypes']);
});
