/** Kills a registry again and again while clients change it. After each start, checks everything. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { killed, type Server, serve } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import type { DatabaseKind } from '../helpers/registry.ts';
import { random } from '../scenarios/storm/random.ts';
import { violations } from './check.ts';
import { actUntil } from './clients.ts';
import { untold } from './events.ts';
import { find } from './found.ts';
import { leftovers } from './leftovers.ts';
import { POINTS, SERVER_POINTS } from './points.ts';
import { stoppedViolations } from './stopped.ts';
import { makeWorld, PASSWORD, type World } from './world.ts';

export interface Kills {
  database: DatabaseKind;
  kills: number;
  seed: number;
}

export async function settingsOf(database: DatabaseKind, dataDir: string) {
  const settings = { DATA_DIR: dataDir, ADMIN_PASSWORD: PASSWORD };
  if (database === 'PGlite') await putDatabase(dataDir);
  else return { ...settings, DATABASE_URL: (await freshDatabase(true)).databaseUrl };
  return settings;
}

/** One registry from its first start to its last stop. Fails the test with every violation. */
export async function killRepeatedly(t: Test, { database, kills, seed }: Kills): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `crash-${database}-${seed}-`));
  t.comment(`the data folder and the history are in ${folder} until the test has passed`);
  const settings = await settingsOf(database, join(folder, 'data'));
  const chance = random(seed);
  const points = Object.entries(database === 'PGlite' ? POINTS : SERVER_POINTS);
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  let world: World | undefined;
  let dead = 0;

  async function start(): Promise<Server> {
    const server = await serve(settings);
    t.teardown(() => server.signal('SIGKILL'));
    if (/repaired after a crash/.test(server.output())) count('repaired by the start');
    return server;
  }
  async function killAmidStart(): Promise<void> {
    await killed(['serve'], { PORT: '0', ...settings }, after(chance.int(1500)));
    count('while starting');
    dead += 1;
  }

  if (chance.chance(0.5)) await killAmidStart();
  let server = await start();
  const { token: session } = await createClient(server).login('admin', PASSWORD);
  world = await makeWorld(server.url, {
    folder: join(folder, 'clients'),
    settings,
    random: chance,
    session,
  });
  while (dead < kills) {
    await killAmidWork(world, server);
    if (dead < kills && chance.chance(0.4)) await killAmidStart();
    server = await start();
    // What one kill has lost is still lost after the next.
    if (dead < kills && chance.chance(0.5)) continue;
    t.strictSame(await violationsOf(world, server), [], `after ${dead} kills`);
  }
  t.strictSame(await untold(t, world, server.url), [], 'every change was told as an event');
  server.signal('SIGTERM');
  t.match(await server.ended, { code: 0 });
  t.strictSame(await stoppedViolations(settings), [], `stopped after ${dead} kills`);
  t.comment(`${database}, seed ${seed}: ${dead} kills. ${summaryOf(world)}`);
  t.comment([...counts].map(([what, n]) => `${what} ${n}`).join(', '));
  if (t.passing()) await rm(folder, { recursive: true, force: true });

  async function killAmidWork(world: World, server: Server): Promise<void> {
    const enough = world.history.done + 1 + chance.int(8);
    let isDead = false;
    const acting = actUntil(world, server.url, () => isDead);
    while (world.history.done < enough) await Promise.race([after(20), acting]);
    const [name, point] = chance.pick(points);
    count((await point(world, server)) ? name : `any moment, in vain: ${name}`);
    isDead = true;
    server.signal('SIGKILL');
    await server.ended;
    await acting;
    dead += 1;
  }
}

/** Everything that is wrong with a running registry that nobody changes. */
export async function violationsOf(
  world: World,
  { url }: Pick<Server, 'url'>,
  { dataDir = world.settings.DATA_DIR as string, mayFail = false } = {},
): Promise<string[]> {
  const { history } = world;
  const wrong = mayFail ? /^(400|401|404)/ : /^(400|401|404|500)/;
  const failed = history.entries.filter(({ detail }) => wrong.test(detail));
  return [
    ...violations(history.entries, await find(world, url, dataDir)),
    ...(await lasting(() => leftovers(dataDir, 1))),
    ...failed.map(({ what, about, detail }) => `${what} ${about}: ${detail}`),
  ];
}

/** What is there at two looks. Between them, the server renews its files and looks for interrupted changes. */
async function lasting(look: () => Promise<string[]>): Promise<string[]> {
  const first = await look();
  if (first.length === 0) return [];
  await after(1500);
  const second = await look();
  return second.filter((path) => first.includes(path)).map((path) => `left over: ${path}`);
}

export function summaryOf({ history: { entries } }: World): string {
  const by = (answer: string) => entries.filter((entry) => entry.answer === answer).length;
  return `${by('done')} changes acknowledged, ${by('refused')} refused, ${by('unknown')} cut off`;
}
