/** Creates and removes folders for the objects of a push (git-receive-pack(1), "Quarantine Environment"). */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asFenced, fenced } from '../lock.ts';
import { quarantineEnvironment } from '../quarantine-environment.ts';
import type { Repository } from '../types.ts';

export interface Quarantine {
  /** The objects folder. */
  path: string;
  /** Environment in which git reads the objects of the repository and of the push, and writes to the quarantine. */
  env: Record<string, string>;
  /** Environment in which git sees only the objects of the push. */
  alone: Record<string, string>;
}

/**
 * Creates the folder in the workshop of this process, so that it goes if the process is killed. The workshop is in the
 * same file system as the repository: moving files there is a rename. Throws `fenced`.
 */
export async function openQuarantine({
  path: repository,
  workshop,
}: Pick<Repository, 'path' | 'workshop'>): Promise<Quarantine> {
  const path = await mkdtemp(join(workshop, 'push-')).catch((error: unknown) => {
    throw asFenced(error, workshop);
  });
  await mkdir(join(path, 'pack'));
  const alone = { GIT_DIR: repository, GIT_OBJECT_DIRECTORY: path, GIT_QUARANTINE_PATH: path };
  return { path, alone, env: quarantineEnvironment(repository, path) };
}

/** Throws `fenced` if another process has removed the folder, because this one did not run for a while. */
export function requireQuarantine({ path }: Quarantine): void {
  if (!existsSync(path)) throw fenced(path);
}

export async function removeQuarantine({ path }: Quarantine): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
