/** Only one process uses an embedded database, also if the processes cannot see each other. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { lockFolder } from '../../registry/store/embedded/folder-lock.ts';

const MODULE = fileURLToPath(
  new URL('../../registry/store/embedded/folder-lock.ts', import.meta.url),
);
const HOLD = `
  import { lockFolder } from ${JSON.stringify(MODULE)};
  await lockFolder(process.argv[1]);
  console.log('locked');
  setInterval(() => undefined, 1000);`;
const APART = ['--pid', '--fork', '--kill-child', '--map-root-user', '--mount-proc'];

const mayUnshare = await promisify(execFile)('unshare', [...APART, 'true']).then(
  () => true,
  () => false,
);

/** Holds the lock in a process with a table of processes of its own, as in a container. */
async function holdApart(path: string) {
  const args = [...APART, process.execPath, '--input-type=module', '-e', HOLD, path];
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

t.test(
  'a process of another container keeps its lock while it runs, and loses it afterwards',
  { skip: !mayUnshare && 'this machine does not permit namespaces of processes' },
  async (t) => {
    const path = join(t.testdir(), 'postgres.lock');
    const child = await holdApart(path);
    t.teardown(() => child.kill('SIGKILL'));
    await t.rejects(lockFolder(path), { code: 'database_in_use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = await lockFolder(path);
    await lock.release();
  },
);

t.test('a process ends when another one has taken over its lock', async (t) => {
  const path = join(t.testdir(), 'postgres.lock');
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD, path]);
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await writeFile(path, (await readFile(path, 'utf8')).replace(/\S+\n$/, 'another\n'));
  const [code] = await once(child, 'exit');
  t.equal(code, 1);
});

t.test('a lock of this container is left over as soon as its process has ended', async (t) => {
  const path = join(t.testdir(), 'postgres.lock');
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD, path]);
  await once(child.stdout, 'data');
  await t.rejects(lockFolder(path), { code: 'database_in_use' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const start = performance.now();
  const lock = await lockFolder(path);
  t.ok(performance.now() - start < 2000, 'without a wait');
  await lock.release();
});
