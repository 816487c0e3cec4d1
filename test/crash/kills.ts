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
import type { Entry } from './history.ts';
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
  const killing = new Killing(t, { database, start: () => serve(settings) });
  if (chance.chance(0.5)) await killing.killAmidStart({ settings, random: chance, inside: [] });
  const server = await killing.start();
  const { token: session } = await createClient(server).login('admin', PASSWORD);
  const clients = join(folder, 'clients');
  const world = await makeWorld(server.url, {
    folder: clients,
    settings,
    random: chance,
    session,
  });
  const last = await killing.run(world, server, kills);
  t.strictSame(await untold(t, world, last.url), [], 'every change was told as an event');
  last.signal('SIGTERM');
  t.match(await last.ended, { code: 0 });
  t.strictSame(await stoppedViolations(settings), [], `stopped after ${kills} kills`);
  t.comment(`${database}, seed ${seed}: ${summaryOf(world)}`);
  t.comment(killing.summary);
  if (t.passing()) await rm(folder, { recursive: true, force: true });
}

interface Victims {
  database: DatabaseKind;
  /** Starts the registry. */
  start: () => Promise<Server>;
}

/** Kills a registry during work and during starts, and counts the kills. */
export class Killing {
  readonly #test: Test;
  readonly #start: Victims['start'];
  readonly #points: [string, (typeof POINTS)[string]][];
  readonly #counts = new Map<string, number>();
  #dead = 0;

  constructor(t: Test, { database, start }: Victims) {
    this.#test = t;
    this.#start = start;
    this.#points = Object.entries(database === 'PGlite' ? POINTS : SERVER_POINTS);
  }

  /** Kills until there were as many kills. Returns the server that runs then. */
  async run(world: World, server: Server, kills: number): Promise<Server> {
    const { random: chance, history } = world;
    const begun = history.entries.length;
    let running = server;
    while (this.#dead < kills) {
      await this.#killAmidWork(world, running);
      if (this.#dead < kills && chance.chance(0.4)) await this.killAmidStart(world);
      running = await this.start();
      // What one kill has lost is still lost after the next.
      if (this.#dead < kills && chance.chance(0.5)) continue;
      const found = [
        ...(await violationsOf(world, running)),
        ...wrongAnswers(history.entries.slice(begun)),
      ];
      this.#test.strictSame(found, [], `after ${this.#dead} kills`);
    }
    return running;
  }

  async start(): Promise<Server> {
    const server = await this.#start();
    this.#test.teardown(() => server.signal('SIGKILL'));
    if (/repaired after a crash/.test(server.output())) this.#count('repaired by the start');
    return server;
  }

  async killAmidStart({
    settings,
    random,
    inside,
  }: Pick<World, 'settings' | 'random' | 'inside'>): Promise<void> {
    const soon = after(random.int(1500));
    await killed(['serve'], { PORT: '0', ...settings }, soon, 'SIGKILL', inside);
    this.#count('while starting');
    this.#dead += 1;
  }

  async #killAmidWork(world: World, server: Server): Promise<void> {
    const { history, random } = world;
    const enough = history.done + 1 + random.int(8);
    let isDead = false;
    const acting = actUntil(world, server.url, () => isDead);
    while (history.done < enough) await Promise.race([after(20), acting]);
    const [name, point] = random.pick(this.#points);
    this.#count((await point(world, server)) ? name : `any moment, in vain: ${name}`);
    isDead = true;
    server.signal('SIGKILL');
    await server.ended;
    await acting;
    this.#dead += 1;
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** The kills by moment, in words. */
  get summary(): string {
    return `${this.#dead} kills: ${Array.from(this.#counts, ([what, n]) => `${what} ${n}`).join(', ')}`;
  }
}

/** Everything that is wrong with a running registry that nobody changes. */
export async function violationsOf(world: World, { url }: Pick<Server, 'url'>): Promise<string[]> {
  const { history, dataDir } = world;
  return [
    ...violations(history.entries, await find(world, url, dataDir)),
    ...(await lasting(() => leftovers(dataDir, 1))),
  ];
}

/** Answers that are never right: clients send nothing wrong, and a problem says what is the matter. */
const NEVER = /^(400|401|404|500)/;

export const wrongAnswers = (entries: readonly Entry[], wrong = NEVER): string[] =>
  entries
    .filter(({ detail }) => wrong.test(detail))
    .map(({ what, about, detail }) => `${what} ${about}: ${detail}`);

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
