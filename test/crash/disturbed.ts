/** Disturbs a registry while clients change it. After each fault, the registry must come to rest, and all must be right. */
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { type Server, serve } from '../helpers/command.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { jumpingClock } from '../helpers/jumping-clock.ts';
import { startPostgres } from '../helpers/postgres-server.ts';
import type { DatabaseKind } from '../helpers/registry.ts';
import { mountSmallDisk, noSmallDisk, type SmallDisk } from '../helpers/small-disk.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';
import { random } from '../scenarios/storm/random.ts';
import { actUntil } from './clients.ts';
import { untold } from './events.ts';
import type { Fault, Victim } from './faults.ts';
import { Killing, summaryOf, violationsOf, wrongAnswers } from './kills.ts';
import { stoppedViolations } from './stopped.ts';
import { makeWorld, PASSWORD, type World } from './world.ts';

export interface Disturbed {
  database: DatabaseKind;
  seed: number;
  faults: Record<string, Fault>;
  /** How often to kill the registry after the faults. */
  kills: number;
}

/** In MiB. An embedded database takes about 40. */
const DISK_SIZE = 160;

/** One registry from its first start to its last stop. Fails the test with every violation. */
export async function disturb(
  t: Test,
  { database, seed, faults, kills }: Disturbed,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `disturbed-${database}-${seed}-`));
  t.comment(`seed ${seed}: the history is in ${folder} until the test has passed`);
  const mounted = join(folder, 'data');
  await mkdir(mounted);
  const disk = noSmallDisk ? undefined : await mountSmallDisk(mounted, DISK_SIZE);
  t.teardown(() => disk?.close());
  const { path: dataDir, inside } = disk ?? { path: mounted, inside: [] };
  const clock = jumpingClock(join(folder, 'clock'));
  const remote = database === 'PostgreSQL' ? await remoteDatabase(t) : undefined;
  if (remote === undefined) await putDatabase(dataDir);
  const settings = {
    ...{ DATA_DIR: mounted, ADMIN_PASSWORD: PASSWORD, ...clock.settings },
    ...(remote && { DATABASE_URL: remote.databaseUrl.replace(/:\d+\//, `:${remote.proxy.port}/`) }),
  };
  const killing = new Killing(t, { database, start: () => serve(settings, { inside }) });
  let server = await killing.start();
  const { token: session } = await createClient(server).login('admin', PASSWORD);
  const clients = join(folder, 'clients');
  const chance = random(seed);
  const options = { folder: clients, settings, dataDir, inside, random: chance, session };
  const world = await makeWorld(server.url, options);

  for (const [name, fault] of Object.entries(faults)) {
    const begun = world.history.entries.length;
    let isOver = false;
    const acting = actUntil(world, server.url, () => isOver);
    const answers = answersOf(world, acting);
    await fault.disturb({ server, dataDir, disk, clock, remote, answers }, t);
    isOver = true;
    await acting;
    const answered = world.history.entries.slice(begun);
    t.strictSame(wrongAnswers(answered, fault.wrong), [], `${name}: the answers`);
    await atRest(server, dataDir);
    t.strictSame(await violationsOf(world, server), [], name);
  }
  if (disk) server = await restartOnFullDisk(t, { server, disk, start: () => killing.start() });
  server = await killing.run(world, server, kills);
  t.strictSame(await violationsOf(world, server), [], 'at the end');
  t.strictSame(await untold(t, world, server.url), [], 'every change was told as an event');
  t.comment(`${database}: ${summaryOf(world)}. ${killing.summary}`);
  server.signal('SIGTERM');
  t.match(await server.ended, { code: 0 });
  // This process cannot work on a disk that only the registry sees.
  const copy = join(folder, 'copy');
  await cp(dataDir, copy, { recursive: true });
  t.strictSame(await stoppedViolations({ ...settings, DATA_DIR: copy }), [], 'stopped');
  if (t.passing()) await rm(folder, { recursive: true, force: true });
}

async function remoteDatabase(t: Test): Promise<NonNullable<Victim['remote']>> {
  const postgres = await startPostgres({ durable: true });
  t.teardown(() => postgres.close());
  const proxy = await startTcpProxy(postgres.port);
  t.teardown(() => proxy.close());
  return { postgres, proxy, databaseUrl: postgres.url('postgres') };
}

/** Stops the registry while its disk is full. The next start works, or says what to do. It works when there is space again. */
async function restartOnFullDisk(
  t: Test,
  { server, disk, start }: { server: Server; disk: SmallDisk; start: () => Promise<Server> },
): Promise<Server> {
  await disk.fill();
  server.signal('SIGTERM');
  t.match(await server.ended, { code: 0 }, 'the registry stops while the disk is full');
  const started = await start().catch(({ message }: Error) => message);
  if (typeof started === 'string')
    t.match(started, /The disk of the \w+ is full\. Free or add space/);
  await disk.empty();
  return typeof started === 'string' ? await start() : started;
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
