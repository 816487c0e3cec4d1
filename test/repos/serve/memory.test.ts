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
 * The memory in MiB after garbage collection, because the collector lets some tens of MiB accumulate. The resident set
 * also contains freed pages, so it is measured separately with a larger allowance.
 */
function inUse() {
  collectGarbage();
  // Buffers are freed in the background. A second garbage collection waits for the first.
  collectGarbage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { live: (heapUsed + arrayBuffers) / MIB, resident: rss / MIB };
}

/** The largest growth of live memory and of the resident set during `work`. */
async function measureGrowth(work: () => Promise<unknown>) {
  const before = inUse();
  const peak = { ...before };
  // The samples are frequent, so that little memory accumulates between two samples. The process does not return memory
  // pages that it once allocated.
  const sampling = setInterval(() => {
    const now = inUse();
    peak.live = Math.max(peak.live, now.live);
    peak.resident = Math.max(peak.resident, now.resident);
  }, 100);
  await work();
  clearInterval(sampling);
  return { live: peak.live - before.live, resident: peak.resident - before.resident };
}

t.test('a push and a clone of 60 MiB pass through without being kept in memory', async (t) => {
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

  // The first push is not measured, because it loads code.
  await server.client(['push', '-q', 'origin', 'small:main'], { cwd });
  server.rules.gate = readingGate;
  const push = await measureGrowth(() => server.client(['push', '-q', 'origin', 'main'], { cwd }));
  const url = `${server.url}/Large.git`;
  const clone = await measureGrowth(() =>
    server.client(['clone', '-q', url, join(server.folder, 'c')]),
  );
  for (const [what, { live, resident }] of Object.entries({ push, clone })) {
    t.comment(`${what}: ${live.toFixed(1)} MiB live, ${resident.toFixed(1)} MiB resident`);
    // The limit is less than the pushed bytes: a server that kept a push in memory would exceed it. The resident set
    // also contains freed pages.
    t.ok(live < MIB_PUSHED / 2, `live memory, ${what}`);
    t.ok(resident < MIB_PUSHED, `resident set, ${what}`);
  }
  t.same(server.failures, []);
});

/** A push gate like the tests' ordinary one, which also reads each pushed file, one at a time. */
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
