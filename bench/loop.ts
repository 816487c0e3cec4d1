/**
 * Measures the longest stall of a server's event loop while users send bodies that are slow to parse, compared with an
 * idle Node.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../client/typescript/client.ts';
import { serve } from '../test/helpers/command.ts';
import { putDatabase } from '../test/helpers/embedded-folders.ts';
import { type Hostile, hostileRequests } from '../test/helpers/hostile-requests.ts';
import { idleLoop, longestStall } from '../test/helpers/loop.ts';
import type { Figure } from './pairs.ts';
import { sources } from './sources.ts';
import { compare, type Pair } from './statistics.ts';

const PASSWORD = 'measured in turn';

/** The number of concurrent requests. */
const AT_ONCE = 4;

/** Each kind of body takes one round. `quick` sends only one kind of body, which is cheap to parse. */
export async function measureLoop({ quick }: { quick: boolean }): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-loop-'));
  await putDatabase(dataDir);
  const server = await serve({ DATA_DIR: dataDir, ADMIN_PASSWORD: PASSWORD }, { first: true });
  try {
    const { url } = server;
    const { token } = await createClient({ url }).login('admin', PASSWORD);
    const client = createClient({ url, token });
    const send = sender(url, token);
    const lab = await client.labs.create({ name: 'Bench', code: 'bench' });
    const source_code = (await sources())('Meter');
    const { id } = await client.definitions.create({ name: 'Meter', source_code, lab_id: lab.id });
    const body = JSON.stringify({ lab_id: lab.id, name: 'Meter 1' });
    const made = JSON.parse(await send({ method: 'POST', path: '/instruments', body }));
    const requests = Object.entries(hostileRequests(made.id, id));
    const pairs: Pair[] = [];
    for (const [name, request] of quick ? requests.slice(1, 2) : requests) {
      await longestStall(url);
      const idle = await idleLoop();
      await Promise.all(Array.from({ length: AT_ONCE }, () => send(request)));
      const pair = { ours: await longestStall(url), floor: await idle() };
      process.stderr.write(
        `${name}: ${pair.ours.toFixed(1)} ms, idle ${pair.floor.toFixed(1)} ms\n`,
      );
      pairs.push(pair);
    }
    const floor = 'an idle Node beside it';
    const name = 'longest stall under hostile bodies';
    return [{ name, floor, unit: 'ms', goal: 2, ...compare(pairs) }];
  } finally {
    server.signal('SIGTERM');
    await server.ended;
    await rm(dataDir, { recursive: true, force: true });
  }
}

const sender =
  (url: string, token: string) =>
  async ({ method, path, body }: Hostile): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return await (await fetch(`${url}/api${path}`, { method, headers, body })).text();
  };
