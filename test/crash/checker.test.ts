/** The checker of the crash tests finds planted faults. A checker that cannot fail proves nothing. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';
import { random } from '../scenarios/storm/random.ts';
import { recorded } from './by-rest.ts';
import { violations } from './check.ts';
import { actUntil } from './clients.ts';
import { find } from './found.ts';
import type { Entry } from './history.ts';
import { violationsOf } from './kills.ts';
import { leftovers } from './leftovers.ts';
import { clientOf, makeWorld } from './world.ts';

t.setTimeout(240_000);
const { url, dataDir, deps, admin } = await startRegistry(t);
const world = await makeWorld(url, {
  folder: join(t.testdir(), 'clients'),
  settings: { DATA_DIR: dataDir },
  random: random(7),
  session: admin.token,
});
const { history } = world;
const { definitions } = clientOf(url, world.admin);

/** A save that the history knows about. */
async function save(name: string): Promise<Entry> {
  const mark = history.mark();
  const { id } = await definitions.byName(name);
  return await recorded(world, { what: 'save', about: name, mark, makes: [mark] }, async () => {
    const source_code = measurement(name, history.entries.length);
    const { version } = await definitions.change(id, { source_code, change_summary: mark });
    return { version: version as number };
  });
}

const check = async () => violations(history.entries, await find(world, url, dataDir));

t.test('nothing is wrong with a registry that nobody has damaged', async (t) => {
  await actUntil(world, url, () => history.done >= 12);
  t.strictSame(await violationsOf(world, { url }), []);
});

t.test('a lost save, in git and in the index', async (t) => {
  const { mark, version } = await save('Left');
  const refs = join(dataDir, 'repos', 'Left.git', 'packed-refs');
  const before = await readFile(refs, 'utf8');
  const tip = new RegExp(`^[0-9a-f]{40} refs/tags/v${version}\\n.*\\n`, 'm');
  const earlier = (
    await definitions.version((await definitions.byName('Left')).id, (version as number) - 1)
  ).commit;
  await writeFile(
    refs,
    before.replace(tip, '').replace(/^[0-9a-f]{40}(?= refs\/heads\/main$)/m, earlier),
  );
  await reindex(deps, { deleteMissing: true });
  t.match(await check(), [new RegExp(`${mark} .*is lost`), /entries of them in the audit trail/]);
  await writeFile(refs, before);
  await reindex(deps);
  t.strictSame(await check(), []);
});

t.test('half a landing: git has it, and the index has not', async (t) => {
  const { version } = await save('Left');
  const { id } = await definitions.byName('Left');
  const em = deps.store.em();
  await em.execute('delete from versions where definition_id = ? and version = ?', [id, version]);
  t.match(await check(), [/is lost/, /^Left: git has .*, but the index/]);
  await reindex(deps);
  t.strictSame(await check(), []);
});

t.test('half an atomic push: one of two refs', async (t) => {
  const { mark } = await save('Left');
  const entry = history.begin({
    what: 'push to main (2 refs)',
    about: 'Left',
    mark: '',
    makes: [mark, 'f'.repeat(40)],
  });
  t.match(await check(), [/only m\d+ of m\d+,f+ is there/]);
  history.end(entry, { answer: 'refused', detail: '' });
  t.strictSame(await check(), [], 'somebody else has made what is there');
});

t.test('what a killed process leaves', async (t) => {
  const repository = join(dataDir, 'repos', 'Left.git');
  const objects = join(repository, 'objects', 'zz');
  await mkdir(objects);
  await writeFile(join(objects, 'tmp_obj_1'), '');
  await mkdir(join(repository, 'packed-refs.lock'));
  await mkdir(join(dataDir, 'repos', '.workshop', 'push-1'));
  await writeFile(join(dataDir, 'journal', 'Left~left'), '');
  await writeFile(join(dataDir, 'leases', 'dead-1'), '');
  t.strictSame((await leftovers(dataDir, 1)).map((path) => path.replace(/: .*/, '')).sort(), [
    '2 leases',
    'journal/Left~left',
    'repos/.workshop/push-1',
    'repos/Left.git/objects/zz/tmp_obj_1',
    'repos/Left.git/packed-refs.lock',
  ]);
  await rm(objects, { recursive: true });
  await rm(join(repository, 'packed-refs.lock'), { recursive: true });
  await rm(join(dataDir, 'repos', '.workshop', 'push-1'), { recursive: true });
  await rm(join(dataDir, 'leases', 'dead-1'));
  await rm(join(dataDir, 'journal', 'Left~left'), { force: true });
  t.strictSame(await leftovers(dataDir, 1), []);
});

t.test('answers that are not true', async (t) => {
  const first = await save('Left');
  const second = await save('Left');
  const found = await find(world, url, dataDir);
  const checked = (change: Partial<Entry>, of = second) =>
    violations(
      history.entries.map((entry) => (entry === of ? { ...entry, ...change } : entry)),
      found,
    );
  t.strictSame(checked({}), []);
  t.match(checked({ version: 1 }), [/was told to be v1, and is v\d+/, /v1 follows save/]);
  t.match(checked({ blob: 'f'.repeat(40) }), [/has another content/]);
  t.match(checked({ answer: 'refused' }), [/is there$/]);
  t.match(checked({ removes: [first.mark] }), [/is there again/]);
  const trail = found.trail.filter(({ after }) => !JSON.stringify(after).includes(second.mark));
  t.match(violations(history.entries, { ...found, trail }), [
    /is not in the audit trail/,
    /entries/,
  ]);
  const forgotten = history.entries.filter((entry) => entry !== second);
  t.match(violations(forgotten, found), [/^nobody sent m\d+/]);
});

t.test('a refused save that is there after all', async (t) => {
  const { id } = await definitions.byName('Right');
  const mark = history.mark();
  await recorded(world, { what: 'save', about: 'Right', mark, makes: [mark] }, async () => {
    await definitions.change(id, { source_code: 'def broken(:\n', change_summary: mark });
    return {};
  });
  t.strictSame(await check(), []);
  await definitions.change(id, { source_code: measurement('Right', 77), change_summary: mark });
  t.match(await check(), [new RegExp(`${mark} .*refused.*: ${mark} is there`)]);
});
