import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startServer } from './server.ts';

const MIB = 1024 * 1024;

t.test('a push and a clone of 40 MiB pass through without being held in memory', async (t) => {
  await using server = await startServer();
  await server.repositories.create('Large');
  const cwd = await server.workingCopy('Large');
  for (let i = 0; i < 44; i += 1) await writeFile(join(cwd, `part${i}`), randomBytes(0.95 * MIB));
  await server.client(['add', '.'], { cwd });
  await server.client(['commit', '-q', '-m', 'large'], { cwd });

  const grown = async (work: () => Promise<unknown>) => {
    const before = process.memoryUsage.rss();
    let peak = before;
    const sampling = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 5);
    await work();
    clearInterval(sampling);
    return (peak - before) / MIB;
  };
  const push = await grown(() => server.client(['push', '-q', 'origin', 'main'], { cwd }));
  const url = `${server.url}/Large.git`;
  const clone = await grown(() => server.client(['clone', '-q', url, join(server.folder, 'c')]));
  t.comment(`grown by ${push.toFixed(1)} MiB in the push, ${clone.toFixed(1)} MiB in the clone`);
  // Buffers on their way, and what the garbage collector has yet to take.
  t.ok(push < 30, 'push');
  t.ok(clone < 30, 'clone');
  t.same(server.failures, []);
});
