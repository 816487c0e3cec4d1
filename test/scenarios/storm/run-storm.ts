/** Runs the storm: people who act concurrently and choose their actions at random. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../../helpers/git.ts';
import { BY_GIT } from './by-git.ts';
import { BY_REST } from './by-rest.ts';
import { isDone, type Log } from './log.ts';
import { random } from './random.ts';
import { act, learn, type Shared, type Worker } from './worker.ts';
import type { World } from './world.ts';

export interface Load {
  seed: number;
  seconds: number;
  /**
   * The storm performs at least this many actions. On a slow machine the storm therefore continues longer than
   * `seconds`.
   */
  actions: number;
  /** The number of people who act concurrently. */
  atOnce: number;
}

const ACTIONS = Object.entries({ ...BY_REST, ...BY_GIT });
const ALL = ACTIONS.flatMap((action) => new Array<typeof action>(action[1][0]).fill(action));

export async function runStorm(
  world: World,
  { seed, seconds, actions, atOnce }: Load,
): Promise<Shared> {
  const shared: Shared = { world, log: [], mergeRequests: new Map(), settings: new Map() };
  for (const target of world.targets) {
    const list = `/api/merge-requests?definition_id=${target.id}`;
    const { body } = await world.as(world.admin, 'GET', list);
    for (const { id } of body.items) learn(shared, target, id);
  }
  const until = Date.now() + seconds * 1000;
  const workers = Array.from({ length: atOnce }, async (_, n) => {
    const folder = await mkdtemp(join(world.dataDir, 'client-'));
    await git(['init', '-q', '--bare', folder]);
    const through = world.through(world.urls[n % world.urls.length] as string);
    const worker: Worker = {
      ...shared,
      world: through,
      n,
      folder,
      random: random(seed * 1000 + n),
    };
    while (Date.now() < until || !isEnough(shared.log, actions)) await once(worker);
  });
  await Promise.all(workers);
  return shared;
}

/** The actions that must have succeeded at least once. */
const NEEDED = ['push for review', 'push to main', 'approve', 'merge'];

/**
 * Whether the storm can end: each needed action has succeeded. After five times as many actions as planned the storm
 * also ends, because something is wrong.
 */
const isEnough = (log: Log, actions: number): boolean =>
  log.length > 5 * actions || (log.length >= actions && missingIn(log).length === 0);

export const missingIn = (log: Log): string[] =>
  NEEDED.filter((needed) => !log.some((entry) => entry.what === needed && isDone(entry)));

async function once(worker: Worker): Promise<void> {
  const { random, world } = worker;
  const [what, [, admin, action]] = random.pick(ALL);
  const target = random.pick(world.targets);
  const { admins, contributors, changing } = target.lab;
  const able = [...admins, ...(admin ? [changing] : contributors), world.admin];
  const who = random.chance(0.95) ? random.pick(able) : random.pick(world.people);
  await act(worker, what, action, who, target);
}
