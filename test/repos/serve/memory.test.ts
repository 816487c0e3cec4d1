import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import type { PushGate } from '../../../repos/serve/gate.ts';
import type { Repository } from '../../../repos/types.ts';
import { openGate, startServer } from './server.ts';

t.setTimeout(120_000);
const MIB = 1024 * 1024;
const MIB_PUSHED = 60;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * MiB, with what nobody holds any more taken away: the collector lets some tens of MiB of that pile up.
 * The resident set of the process keeps pages that were freed, so it is measured apart and more generously.
 */
function inUse() {
  collectGarbage();
  // The memory of buffers is given back beside the program; a second run waits for the first one's.
  collectGarbage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { live: (heapUsed + arrayBuffers) / MIB, resident: rss / MIB };
}

/** By how much live memory and the resident set were at most above what they were at the beginning. */
async function grown(work: () => Promise<unknown>) {
  const before = inUse();
  const peak = { ...before };
  // Often enough that nothing piles up between two looks: pages once taken are not given back.
  const sampling = setInterval(() => {
    const now = inUse();
    peak.live = Math.max(peak.live, now.live);
    peak.resident = Math.max(peak.resident, now.resident);
  }, 100);
  await work();
  clearInterval(sampling);
  return { live: peak.live - before.live, resident: peak.resident - before.resident };
}

t.test('a push and a clone of 60 MiB pass through without being held in memory', async (t) => {
  const server = await startServer();
  t.teardown(() => server[Symbol.asyncDispose]());
  await server.repositories.create('Large');
  const cwd = await server.workingCopy('Large');
  await server.client(['config', 'core.compression', '0'], { cwd });
  await writeFile(join(cwd, 'small'), 'small');
  await server.client(['add', '.'], { cwd });
  await server.client(['commit', '-q', '-m', 'small'], { cwd });
  await server.client(['branch', 'small'], { cwd });
  for (let i = 0; i < MIB_PUSHED / 0.95; i += 1)
    await writeFile(join(cwd, `part${i}`), randomBytes(0.95 * MIB));
  await server.client(['add', '.'], { cwd });
  await server.client(['commit', '-q', '-m', 'large'], { cwd });

  // One version first, so that what the server loads with its first push is not counted.
  await server.client(['push', '-q', 'origin', 'small:main'], { cwd });
  server.rules.gate = readingGate;
  const push = await grown(() => server.client(['push', '-q', 'origin', 'main'], { cwd }));
  const url = `${server.url}/Large.git`;
  const clone = await grown(() => server.client(['clone', '-q', url, join(server.folder, 'c')]));
  for (const [what, { live, resident }] of Object.entries({ push, clone })) {
    t.comment(`${what}: ${live.toFixed(1)} MiB live, ${resident.toFixed(1)} MiB resident`);
    // Less than passes through, which would be held once at least; the resident set keeps pages that were freed.
    t.ok(live < MIB_PUSHED / 2, `live memory, ${what}`);
    t.ok(resident < MIB_PUSHED, `resident set, ${what}`);
  }
  t.same(server.failures, []);
});

/** As the ordinary gate of the tests, after a look at each pushed file, one at a time. */
function readingGate(repository: Repository): PushGate {
  const gate = openGate(repository);
  return {
    ...gate,
    async receive(push) {
      for (const { to } of push.commands)
        for (const { oid } of await push.objects.files(to ?? '')) await push.objects.readBlob(oid);
      return gate.receive(push);
    },
  };
}
