import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { startServer } from './server.ts';

const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use, with what nobody holds any more taken away: the collector lets some tens of MiB of that pile up. */
function inUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

t.test('a push and a clone of 40 MiB pass through without being held in memory', async (t) => {
  t.setTimeout(120_000);
  const server = await startServer();
  t.teardown(() => server[Symbol.asyncDispose]());
  await server.repositories.create('Large');
  const cwd = await server.workingCopy('Large');
  await server.client(['config', 'core.compression', '0'], { cwd });
  for (let i = 0; i < 44; i += 1) await writeFile(join(cwd, `part${i}`), randomBytes(0.95 * MIB));
  await server.client(['add', '.'], { cwd });
  await server.client(['commit', '-q', '-m', 'large'], { cwd });

  const grown = async (work: () => Promise<unknown>) => {
    const before = inUse();
    let peak = before;
    const sampling = setInterval(() => {
      peak = Math.max(peak, inUse());
    }, 20);
    await work();
    clearInterval(sampling);
    return (peak - before) / MIB;
  };
  // Measured with a gate that reads nothing: what reading a commit costs is not the matter here.
  const { gate } = server.rules;
  server.rules.gate = () => ({
    admit: async () => [],
    receive: async ({ commands }) => commands.map(({ ref }) => ({ ref, ok: false, reason: 'no' })),
  });
  const args = ['push', '-q', 'origin', 'main'];
  const push = await grown(() => t.rejects(server.client(args, { cwd }), /\(no\)/));
  server.rules.gate = gate;
  await server.client(args, { cwd });
  const url = `${server.url}/Large.git`;
  const clone = await grown(() => server.client(['clone', '-q', url, join(server.folder, 'c')]));
  t.comment(`held ${push.toFixed(1)} MiB in the push, ${clone.toFixed(1)} MiB in the clone`);
  t.ok(push < 10, 'push');
  t.ok(clone < 10, 'clone');
  t.same(server.failures, []);
});
