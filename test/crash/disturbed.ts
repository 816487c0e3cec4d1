/** Disturbs a registry while clients change it. After each fault, the registry must come to rest, and all must be right. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { type Server, serve } from '../helpers/command.ts';
import { isThere } from '../helpers/is-there.ts';
import { startPostgres } from '../helpers/postgres-server.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';
import { random } from '../scenarios/storm/random.ts';
import { actUntil } from './clients.ts';
import type { Fault } from './faults.ts';
import { summaryOf, violationsOf } from './kills.ts';
import { stoppedViolations } from './stopped.ts';
import { makeWorld, PASSWORD, type World } from './world.ts';

/** Why faults of system calls are left out, or false. */
export const noStrace = !(await isThere('strace', '-V')) && 'strace is not installed';

export async function disturb(
  t: Test,
  { seed, faults }: { seed: number; faults: Record<string, Fault> },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `disturbed-${seed}-`));
  t.comment(`the data folder and the history are in ${folder} until the test has passed`);
  const dataDir = join(folder, 'data');
  const postgres = await startPostgres({ durable: true });
  t.teardown(() => postgres.close());
  const proxy = await startTcpProxy(postgres.port);
  t.teardown(() => proxy.close());
  const databaseUrl = postgres.url('postgres');
  const settings = {
    DATA_DIR: dataDir,
    ADMIN_PASSWORD: PASSWORD,
    DATABASE_URL: databaseUrl.replace(/:\d+\//, `:${proxy.port}/`),
  };
  const server = await serve(settings);
  t.teardown(() => server.signal('SIGKILL'));
  const { token: session } = await createClient(server).login('admin', PASSWORD);
  const clients = join(folder, 'clients');
  const options = { folder: clients, settings, random: random(seed), session };
  const world = await makeWorld(server.url, options);

  for (const [name, fault] of Object.entries(faults)) {
    let isOver = false;
    const acting = actUntil(world, server.url, () => isOver);
    await fault({ server, postgres, databaseUrl, proxy, answers: answersOf(world, acting) });
    isOver = true;
    await acting;
    await atRest(server, dataDir);
    t.strictSame(await violationsOf(world, server, { mayFail: true }), [], name);
  }
  t.comment(`seed ${seed}: ${summaryOf(world)}`);
  server.signal('SIGTERM');
  t.match(await server.ended, { code: 0 });
  t.strictSame(await stoppedViolations(settings), []);
  if (t.passing()) await rm(folder, { recursive: true, force: true });
}

/** Waits for answers to clients, successful or not. */
const answersOf =
  ({ history }: World, acting: Promise<void>) =>
  async (count: number) => {
    const answered = () =>
      history.entries.filter(({ end }) => end < Number.POSITIVE_INFINITY).length;
    const enough = answered() + count;
    while (answered() < enough) await Promise.race([after(20), acting]);
  };

/** The longest time that a registry may need after a fault, in milliseconds. */
const REST = 90_000;

/** Waits until the registry is ready, and has completed what the fault interrupted. */
async function atRest({ url }: Server, dataDir: string): Promise<void> {
  const until = performance.now() + REST;
  for (;;) {
    const { status } = await fetch(`${url}/readyz`);
    const open = await readdir(join(dataDir, 'journal'));
    if (status === 200 && open.length === 0) return;
    if (performance.now() > until) throw new Error(`not at rest: ${status}, ${open.join()}`);
    await after(100);
  }
}
