/** Clients that act concurrently, one action after another, until the registry is killed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RegistryError } from '../../client/typescript/client.ts';
import { git } from '../helpers/git.ts';
import { importFolder } from './by-command.ts';
import { BY_GIT } from './by-git.ts';
import { BY_REST } from './by-rest.ts';
import type { World } from './world.ts';

const weighted = <T>(actions: [number, T][]): T[] =>
  actions.flatMap(([weight, action]) => new Array<T>(weight).fill(action));
const REST = weighted(BY_REST);
const ALL = weighted([...BY_REST, [1, importFolder]]);
const GIT = weighted(BY_GIT);

export interface Load {
  /** How many clients use HTTP, and how many use git. */
  rest: number;
  git: number;
  /** Whether clients also run commands. */
  commands: boolean;
}

export const LOAD: Load = { rest: 4, git: 2, commands: true };

/** Resolves when `isOver` returns true and every client has an answer, or knows that it will get none. */
export async function actUntil(
  world: World,
  url: string,
  isOver: () => boolean,
  load = LOAD,
): Promise<void> {
  const { random, folder } = world;
  const until = async (act: () => Promise<unknown>) => {
    while (!isOver()) await act().catch(onlyUnanswered);
  };
  await Promise.all([
    ...Array.from({ length: load.rest }, () =>
      until(() => random.pick(load.commands ? ALL : REST)(world, url)),
    ),
    ...Array.from({ length: load.git }, async (_, n) => {
      const cwd = join(folder, `git-${n}`);
      if (!existsSync(cwd)) await git(['init', '-q', '--bare', cwd]);
      await until(() => random.pick(GIT)(world, url, cwd));
    }),
  ]);
}

/** What a client reads before a change may fail like the change itself. Every other error is one of the test. */
function onlyUnanswered(error: unknown): void {
  if (error instanceof TypeError && error.message === 'fetch failed') return;
  if (error instanceof RegistryError && error.status >= 500) return;
  throw error;
}
