/**
 * A real server under strace(1): each save and push that it acknowledges has synced its objects, their folders, the
 * journal entry and the refs before the answer. (test/scenarios/fsyncs.test.ts counts the calls inside one process.)
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { serve } from '../helpers/command.ts';
import { git } from '../helpers/git.ts';
import { isThere } from '../helpers/is-there.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';
import { basic } from './by-git.ts';
import { settingsOf } from './kills.ts';
import { callsIn, unsynced } from './trace.ts';
import { PASSWORD } from './world.ts';

t.setTimeout(240_000);
const skip = !(await isThere('strace', '-V')) && 'left out: strace is not installed';
const CALLS = 'trace=fsync,fdatasync,rename,write,writev,sendto,sendmsg';

for (const database of DATABASES) {
  t.test(`everything is on the disk before the answer (${database})`, { skip }, async (t) => {
    const folder = t.testdir();
    const data = join(folder, 'data');
    const server = await serve(await settingsOf(database, data));
    t.teardown(() => server.signal('SIGKILL'));
    const { url } = server;
    const { token } = await createClient({ url }).login('admin', PASSWORD);
    const { definitions, tokens } = createClient({ url, token });
    const access = await tokens.create({ name: 'git', scope: 'write' });
    const { id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
    const clone = await mkdtemp(join(folder, 'clone-'));
    const env = basic(access.token);
    await git(['clone', '-q', `${url}/definitions/Meter.git`, clone], { env });

    const file = join(folder, 'trace');
    const args = ['-f', '-y', '-s', '200', '-e', CALLS, '-o', file, '-p', `${server.pid}`];
    const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    await once(strace.stderr, 'data');
    for (const value of [2, 3])
      await definitions.change(id, { source_code: measurement('Meter', value) });
    await git(['pull', '-q'], { cwd: clone, env });
    // Git itself unpacks a push of many objects (decision 40).
    for (const files of [1, 150]) {
      for (let n = 0; n < files; n++) await writeFile(join(clone, `${files}-${n}.txt`), `${n}\n`);
      await git(['add', '.'], { cwd: clone });
      await git(['commit', '-qm', `Add ${files}`], { cwd: clone });
      await git(['push', '-q', 'origin', 'main'], { cwd: clone, env });
    }
    strace.kill('SIGINT');
    await once(strace, 'exit');

    const trace = await readFile(file, 'utf8');
    const repository = join(data, 'repos', 'Meter.git');
    const at = { repository, journal: join(data, 'journal'), answer: /HTTP\/1\.1 200|unpack ok/ };
    const { found, ...counts } = unsynced(callsIn(trace), at);
    t.strictSame(found, []);
    t.match(counts, { landings: 4 });
    t.ok(counts.objects >= 12, `${counts.objects} files of objects`);

    // The same trace without one kind of call must not pass.
    const without = (path: string) => {
      const lines = trace
        .split('\n')
        .filter((line) => !(line.includes('sync(') && line.includes(path)));
      return unsynced(callsIn(lines.join('\n')), at).found.length;
    };
    for (const path of ['/objects>', '.workshop/', '/journal>', 'packed-refs.lock', 'Meter.git>'])
      t.ok(without(path) > 0, `a missing fsync of ${path} is noticed`);
    server.signal('SIGTERM');
    t.match(await server.ended, { code: 0 });
  });
}
