/** One of those who act at the same time: chooses, acts, notes what came of it. */
import type { Person } from '../../helpers/registry.ts';
import type { Entry, Log } from './log.ts';
import type { Random } from './random.ts';
import type { Answer } from './send.ts';
import type { Target, World } from './world.ts';

/** What was set, and when it was so for sure. */
export interface Setting {
  value: object;
  end: number;
}

/** What all of them know. */
export interface Shared {
  world: World;
  log: Log;
  /** Numbers of merge requests, by the name of the definition. */
  mergeRequests: Map<string, Set<number>>;
  /** Policies and roles, in the order in which they were set. */
  settings: Map<string, Setting[]>;
}

export interface Worker extends Shared {
  n: number;
  random: Random;
  /** A bare repository of its own, to push from. */
  folder: string;
}

export type Done = Pick<Entry, 'answer' | 'said'> &
  Partial<Pick<Entry, 'mergeRequest' | 'commit' | 'asked'>>;

/** What somebody does to a definition; undefined where there was nothing to do. */
export type Deed = (worker: Worker, who: Person, target: Target) => Promise<Done | undefined>;

export const told = ({ status, body }: Answer): Pick<Done, 'answer' | 'said'> => ({
  answer: status,
  said: body?.detail ?? '',
});

export function learn({ mergeRequests }: Shared, { name }: Target, id: number): void {
  mergeRequests.set(name, (mergeRequests.get(name) ?? new Set()).add(id));
}

/** Does it, and notes it with the times between which it happened. */
export async function act(
  worker: Worker,
  what: string,
  deed: Deed,
  who: Person,
  target: Target,
): Promise<void> {
  const start = Date.now();
  const done = await deed(worker, who, target).catch(
    (error: Error): Done => ({ answer: 'failed', said: error.message }),
  );
  if (!done) return;
  const { n, log } = worker;
  log.push({
    start,
    end: Date.now(),
    worker: n,
    who: who.username,
    what,
    target: target.name,
    ...done,
  });
}
