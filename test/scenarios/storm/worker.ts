/** One of the people who act concurrently: chooses an action, performs it, and logs the result. */
import type { Person } from '../../helpers/registry.ts';
import type { Entry, Log } from './log.ts';
import type { Random } from './random.ts';
import type { Answer } from './send.ts';
import type { Target, World } from './world.ts';

/** A value that was set, and the times between which it was certainly in force. */
export interface Setting {
  value: object;
  end: number;
}

/** The state that all workers share. */
export interface Shared {
  world: World;
  log: Log;
  /** The numbers of the merge requests of each definition, by its name. */
  mergeRequests: Map<string, Set<number>>;
  /** The policies and roles, in the order in which they were set. */
  settings: Map<string, Setting[]>;
}

export interface Worker extends Shared {
  n: number;
  random: Random;
  /** A bare repository from which only this worker pushes. */
  folder: string;
}

export type Done = Pick<Entry, 'answer' | 'detail'> &
  Partial<Pick<Entry, 'mergeRequest' | 'commit' | 'body'>>;

/** An action of a person on a definition. The action returns undefined if there was nothing to do. */
export type Action = (worker: Worker, who: Person, target: Target) => Promise<Done | undefined>;

export const outcomeOf = ({ status, body }: Answer): Pick<Done, 'answer' | 'detail'> => ({
  answer: status,
  detail: body?.detail ?? '',
});

export function learn({ mergeRequests }: Shared, { name }: Target, id: number): void {
  mergeRequests.set(name, (mergeRequests.get(name) ?? new Set()).add(id));
}

/** Performs an action, and logs it with its start and end. */
export async function act(
  worker: Worker,
  what: string,
  action: Action,
  who: Person,
  target: Target,
): Promise<void> {
  const start = Date.now();
  const done = await action(worker, who, target).catch(
    (error: Error): Done => ({ answer: 'failed', detail: error.message }),
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
