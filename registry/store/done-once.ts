/** Remembers which one-time upgrade tasks are done, so that later starts do not repeat them. */
import { DoneOnce } from './entities/index.ts';
import type { EntityManager } from './types.ts';

export async function isDone(em: EntityManager, task: string): Promise<boolean> {
  return (await em.findOne(DoneOnce, { task })) !== null;
}

export async function markDone(em: EntityManager, task: string): Promise<void> {
  await em.upsert(DoneOnce, { task, done_at: new Date() });
}
