/**
 * The histories of many definitions in one answer. Each history is what git would send to this computer, and the answer
 * contains nothing else.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { git } from '../helpers/git.ts';
import { enrolComputer, startLab, type TestComputer } from '../helpers/lab.ts';
import { DATABASES, type DatabaseKind, measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

interface Part {
  name: string;
  content: Buffer;
}

/** The parts of an answer. Throws if the answer is incomplete or too long. */
function partsOf(answer: Buffer): Part[] {
  const parts: Part[] = [];
  for (let at = 0; ; ) {
    const end = answer.indexOf('\n', at) + 1;
    const head = JSON.parse(answer.toString('utf8', at, end)) as { name: string; size: number };
    if ('end' in head) {
      if (end !== answer.length) throw new Error('there are bytes after the end');
      return parts;
    }
    at = end + head.size;
    parts.push({ name: head.name, content: answer.subarray(end, at) });
  }
}

for (const database of DATABASES) {
  await t.test(database, (t) => story(t, database));
}

async function story(t: Test, database: DatabaseKind): Promise<void> {
  const lab = await startLab(t, { database });
  const { ada, ben, dan, nano, other, deps } = lab;
  const pc = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const create = async (by: typeof ada, name: string, fields = {}) =>
    (await by.client.definitions.create({ name, source_code: measurement(name), ...fields })).id;
  const change = (id: number, source_code: string, files = {}) =>
    ada.client.definitions.change(id, { source_code, ...files });
  const meter = await create(ada, 'Meter', { files: { 'sub/helpers.py': 'GAIN = 2\n' } });
  await change(meter, measurement('Meter', 2));
  const long = await create(ada, 'Long');
  for (let i = 0; i < 3; i++) {
    const noise = randomBytes(60_000).toString('hex');
    await change(long, `${measurement('Long', i)}\nNOISE = "${noise}"\n`);
  }
  const shared = await create(dan, 'Shared', { is_public: true });
  await create(dan, 'Secret');
  // A change under review, which only members of the lab may see.
  await ben.client.definitions.change(meter, { source_code: measurement('Meter', 77) });

  const ask = async ({ token }: Pick<TestComputer, 'token'>, names: readonly string[]) => {
    const answer = await fetch(`${lab.url}/api/sync/histories`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ names }),
    });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  };
  const sizes = async (names: readonly string[]) =>
    partsOf((await ask(pc, names)).body).map(({ name, content }) => [name, content.length > 0]);

  await t.test('each part is what git would fetch for this computer', async (t) => {
    const folder = t.testdir();
    const parts = partsOf((await ask(pc, ['Meter', 'Long', 'Shared'])).body);
    t.same(
      parts.map(({ name }) => name),
      ['Meter', 'Long', 'Shared'],
    );
    for (const { name, content } of parts) {
      const file = join(folder, `${name}.bundle`);
      await writeFile(file, content);
      const [ours, gits] = [join(folder, `${name}-ours`), join(folder, `${name}-git`)];
      await git(['clone', '-q', '--mirror', file, ours], { cwd: folder });
      await git(['clone', '-q', '--mirror', lab.gitUrl(name, pc.token), gits], { cwd: folder });
      await git(['fsck', '--strict'], { cwd: ours });
      for (const what of [
        ['for-each-ref'],
        ['rev-list', '--objects', '--all', '--no-object-names'],
      ]) {
        const sorted = async (cwd: string) => (await git(what, { cwd })).split('\n').sort();
        t.same(await sorted(ours), await sorted(gits), `${name}: ${what[0]}`);
      }
      const packed = await git(['count-objects', '-v'], { cwd: ours });
      t.match(packed, /garbage: 0/);
    }
  });

  await t.test('a hidden definition looks like one that does not exist', async (t) => {
    t.same(await sizes(['Secret', 'Nothing', 'Meter', '../Meter', 'meter', 'Meter']), [
      ['Secret', false],
      ['Nothing', false],
      ['Meter', true],
      ['../Meter', false],
      ['meter', false],
    ]);
    await dan.client.definitions.change(shared, { is_public: false });
    t.same(await sizes(['Shared']), [['Shared', false]], 'a definition that was hidden');
    await dan.client.definitions.change(shared, { is_public: true });
    t.same(await sizes(['Shared']), [['Shared', true]]);
  });

  await t.test('a landing is in the next answer', async (t) => {
    const before = partsOf((await ask(pc, ['Meter'])).body);
    await change(meter, measurement('Meter', 3));
    const after = partsOf((await ask(pc, ['Meter'])).body);
    t.notOk(before[0]?.content.includes('refs/tags/v3'));
    t.ok(after[0]?.content.includes('refs/tags/v3'));
  });

  await t.test('a second computer costs no git process', async (t) => {
    const cold = await enrolComputer(lab, dan, other.id, 'COLD-01');
    const { spawn } = deps.git;
    let started = 0;
    deps.git.spawn = (run) => {
      started += 1;
      return spawn(run);
    };
    t.teardown(() => {
      deps.git.spawn = spawn;
    });
    const [ours, theirs] = await Promise.all([ask(pc, ['Shared']), ask(cold, ['Shared'])]);
    t.ok(ours.body.equals(theirs.body));
    t.equal(started, 0);
  });

  await t.test('a history that is too large is left to git', async (t) => {
    const noise = () => randomBytes(700_000).toString('base64');
    const files = () => ({ 'one.txt': noise(), 'other.txt': noise() });
    const huge = await create(ada, 'Huge', { files: files() });
    for (let i = 1; i <= 3; i++) {
      await change(huge, measurement('Huge', i), { files: files() });
    }
    t.same(await sizes(['Huge', 'Meter']), [
      ['Huge', false],
      ['Meter', true],
    ]);
  });

  await t.test('a history that cannot be read does not hold up the others', async (t) => {
    const open = deps.repositories.open;
    deps.repositories.open = async (name) => {
      if (name === 'Long') throw new Error('the disk is gone');
      return open.call(deps.repositories, name);
    };
    t.teardown(() => {
      deps.repositories.open = open;
    });
    t.same(await sizes(['Long', 'Meter']), [
      ['Long', false],
      ['Meter', true],
    ]);
  });

  await t.test('a removed computer gets nothing', async (t) => {
    await ada.client.computers.remove(pc.id);
    t.equal((await ask(pc, ['Meter'])).status, 401);
  });
}
