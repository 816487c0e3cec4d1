/** Tests what an upgrade does with built-in definitions: those of the older release, and those that an admin changed. */
import t from 'tap';
import { landBuiltins } from '../../registry/services/start/builtins.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

t.setTimeout(120_000);
const registry = await startRegistry(t);
const { deps, admin } = registry;

/** The registry starts with a release that ships these files of one definition. Returns the landed names. */
async function upgrade(name: string, texts: Record<string, string>): Promise<string[]> {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
  return (await landBuiltins(deps, () => {}, new Map([[name, files]]))).landed;
}

const newest = async (name: string) => await admin.client.definitions.byName(name);
const classOf = (name: string, value = 1) => ({ [`${name}.py`]: measurement(name, value) });
const SIMULATOR = 'spec: "1.1"\ndevices: {}\nresources: {}\n';
const testsOf = (name: string) => ({
  'simulator.yaml': SIMULATOR,
  'tests/connects.jsonl': `${JSON.stringify({ recording: 1, class: name, args: {}, terminators: { write: '\n', read: '\n' } })}\n{"call":"connect"}\n`,
});

for (const [name, state] of [
  ['Meter', 'indexed by this registry'],
  ['Old', 'indexed by an older registry'],
] as const) {
  t.test(`files that a release adds or changes become a version, once: ${state}`, async (t) => {
    const asIndexed = async () => {
      if (name === 'Old')
        await deps.store.em().execute('update versions set files = null, described = null');
    };
    const lands = async (texts: Record<string, string>, version: number) => {
      t.same(await upgrade(name, texts), [name]);
      await asIndexed();
      t.same(await upgrade(name, texts), []);
      const { [`${name}.py`]: source_code, ...files } = texts;
      t.match(await newest(name), { version, source_code });
      t.strictSame((await newest(name)).files, files);
    };
    await lands(classOf(name), 1);
    await lands({ ...classOf(name), ...testsOf(name) }, 2);
    await lands({ ...classOf(name, 2), 'simulator.yaml': 'spec: "1.0"\n' }, 3);
    t.same(await upgrade(name, classOf(name)), [], 'files that were a version do not land again');
  });
}

t.test("an admin's class stays until a release has a new class", async (t) => {
  await upgrade('Stage', classOf('Stage'));
  const { id } = await newest('Stage');
  await admin.client.definitions.change(id, { source_code: measurement('Stage', 7) });
  t.same(await upgrade('Stage', classOf('Stage')), []);
  t.same(
    await upgrade('Stage', { ...classOf('Stage'), ...testsOf('Stage') }),
    [],
    'with new files beside it',
  );
  t.equal((await newest('Stage')).source_code, measurement('Stage', 7));
  t.same(await upgrade('Stage', classOf('Stage', 8)), ['Stage']);
  t.equal((await newest('Stage')).version, 3);
});

t.test("an admin's files beside the class stay until a release has new files", async (t) => {
  await upgrade('Lamp', { ...classOf('Lamp'), ...testsOf('Lamp') });
  const { id } = await newest('Lamp');
  await admin.client.definitions.change(id, { files: { 'simulator.yaml': null } });
  t.same(await upgrade('Lamp', { ...classOf('Lamp'), ...testsOf('Lamp') }), []);
  t.notOk((await newest('Lamp')).files?.['simulator.yaml']);
  t.same(await upgrade('Lamp', { ...classOf('Lamp'), 'simulator.yaml': 'spec: "1.0"\n' }), [
    'Lamp',
  ]);
});
