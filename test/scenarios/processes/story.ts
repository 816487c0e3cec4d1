/**
 * Three processes behind a load balancer serve one registry while people save, read and follow events. One process is
 * killed and made anew on another host, another one is stopped for a while. Afterwards the histories are checked.
 */
import { setTimeout as after } from 'node:timers/promises';
import type { Test } from 'tap';
import { createClient } from '../../../client/typescript/client.ts';
import { startNginx, startRoundRobin } from '../../helpers/balancer.ts';
import { CONTAINER, registry, type Server, serve } from '../../helpers/command.ts';
import { freshDatabase } from '../../helpers/databases.ts';
import { isThere } from '../../helpers/is-there.ts';
import { measurement } from '../../helpers/registry.ts';
import { type Following, follow, patientClient, type Saved, type World, write } from './people.ts';

export interface Story {
  balancer: 'nginx' | 'round robin';
  /** How long a process is stopped, in seconds. */
  stopped: number;
  rounds: number;
  /** How many saves are acknowledged between two faults. */
  saves: number;
  /** How long people wait after each save, in milliseconds. */
  pause: number;
}

const PASSWORD = 'a good password';
const NAMES = ['One', 'Two', 'Three', 'Three'];

export async function tell(t: Test, story: Story): Promise<void> {
  const { databaseUrl } = await freshDatabase(false);
  const DATA_DIR = t.testdir();
  const settings = {
    DATA_DIR,
    DATABASE_URL: databaseUrl as string,
    ADMIN_PASSWORD: PASSWORD,
    LOG_LEVEL: 'warn',
    TRUSTED_PROXIES: '127.0.0.1',
  };
  const mayContain = await isThere(CONTAINER[0] as string, ...CONTAINER.slice(1), 'true');
  if (!mayContain) t.comment('left out: a host name of its own, because unshare is not permitted');
  const onHost = (host: string) => (mayContain ? { host } : {});
  const servers = await Promise.all([
    serve(settings, onHost('host-1')),
    serve(settings),
    serve(settings),
  ]);
  t.teardown(() => {
    for (const { signal } of servers) signal('SIGKILL');
  });
  const hosts = servers.map(({ url }) => new URL(url).host);
  const start = story.balancer === 'nginx' ? startNginx : startRoundRobin;
  const { url } = await start(t, hosts);
  const { token } = await createClient({ url }).login('admin', PASSWORD);
  const saved = new Map<string, Saved>();
  for (const name of new Set(NAMES)) {
    const source_code = measurement(name);
    const { id } = await createClient({ url, token }).definitions.create({ name, source_code });
    saved.set(name, {
      id,
      name,
      acknowledged: new Map([[1, source_code]]),
      tried: new Set([source_code]),
    });
  }
  const world: World = {
    url,
    token,
    running: new Set(servers.map((server) => server.url)),
    saved: [...saved.values()],
    violations: [],
    isOn: true,
    count: 0,
  };
  const direct = servers.map((server) => server.url);
  const followers = await Promise.all(
    [[url], ...direct.map((first) => [first, ...direct.filter((other) => other !== first)])].map(
      (urls) => follow(t, urls, token),
    ),
  );
  const writing = NAMES.map((name) => write(world, saved.get(name) as Saved, story.pause));
  for (let round = 1; round <= story.rounds; round++) {
    await moreSaves(world, story.saves);
    await killAndReplace(servers, world, settings, onHost(`host-1-${round}`));
    await moreSaves(world, story.saves);
    await stopFor(servers[1] as Server, world, story.stopped);
  }
  await moreSaves(world, story.saves);
  world.isOn = false;
  await Promise.all(writing);
  t.comment(`${world.count} saves were acknowledged`);
  await checkHistories(t, world, followers);
  await checkThrottle(t, url);
  t.match(await registry(['fsck'], settings), { code: 0, stdout: / 0 problems/ });
}

/** Resolves when so many more saves have been acknowledged. Saves come from other processes, so there is no event. */
async function moreSaves(world: World, saves: number): Promise<void> {
  const goal = world.count + saves;
  while (world.count < goal) await after(50);
}

/** Kills the first process while people save, and starts another one on another host at the same address. */
async function killAndReplace(
  servers: Server[],
  world: World,
  settings: Record<string, string>,
  onHost: { host?: string },
): Promise<void> {
  const [killed] = servers as [Server];
  world.running.delete(killed.url);
  killed.signal('SIGKILL');
  await killed.ended;
  await moreSaves(world, 3);
  servers[0] = await serve(
    { ...settings, PORT: new URL(killed.url).port, LOG_LEVEL: 'info' },
    onHost,
  );
  world.running.add(killed.url);
}

/** Stops a process while people save, and lets it go on. */
async function stopFor({ url, signal }: Server, world: World, seconds: number): Promise<void> {
  world.running.delete(url);
  signal('SIGSTOP');
  await after(seconds * 1000);
  // The lease of the stopped process ends after 5 seconds, and people give up a request after 5.
  if (seconds >= 20) await moreSaves(world, 3);
  signal('SIGCONT');
  await moreSaves(world, 3);
  world.running.add(url);
}

/** Nothing acknowledged is lost, nothing is there that nobody saved, and every reader got each event exactly once. */
async function checkHistories(
  t: Test,
  { url, token, saved, violations }: World,
  followers: readonly Following[],
): Promise<void> {
  const { audit, definitions } = createClient({ url, token });
  const landings: string[] = [];
  let last = 0;
  for (const { id, name, acknowledged, tried } of saved) {
    const { items } = await audit({ action: 'definition.landed', subject_id: id, per_page: 200 });
    for (const entry of items) {
      const { version } = entry.after as { version: number };
      const { source_code } = await definitions.version(id, version);
      if (!tried.has(source_code)) violations.push(`${name}: nobody saved version ${version}`);
      if (source_code !== (acknowledged.get(version) ?? source_code))
        violations.push(`${name}: version ${version} is not what was saved`);
      acknowledged.delete(version);
      if (version > 1) landings.push(`${entry.id} ${name} ${version}`);
      last = Math.max(last, entry.id);
    }
    for (const version of acknowledged.keys())
      violations.push(`${name}: version ${version} is lost`);
  }
  t.same(violations, []);
  for (const follower of followers) {
    await follower.until(last);
    const seen = follower.events.flatMap(({ id, kind, data }) => {
      const { definition, version } = data as { definition?: { name: string }; version?: number };
      return kind === 'definition.landed' ? [`${id} ${definition?.name} ${version}`] : [];
    });
    t.same(seen.sort(), landings.sort(), `each event once, in ${follower.streams} streams`);
  }
  const continued = followers.filter(({ streams }) => streams > 1);
  t.ok(continued.length > 0, 'a stream went on at another process');
}

/** Ten wrong passwords are free, and one more may be under way in each other process. */
async function checkThrottle(t: Test, url: string): Promise<void> {
  const statuses: number[] = [];
  for (let i = 0; i < 30; i++) {
    await patientClient(url, '')
      .login('nobody', `wrong ${i}`)
      .catch(({ status }) => statuses.push(status));
  }
  const tries = statuses.filter((status) => status === 401).length;
  t.ok(tries >= 10 && tries <= 12, `${tries} of 30 wrong passwords were checked`);
  t.equal(statuses.filter((status) => status === 429).length, 30 - tries);
}
