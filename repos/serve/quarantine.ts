/** Creates and removes folders for the objects of a push (git-receive-pack(1), "Quarantine Environment"). */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sweep } from '../leftovers.ts';
import { quarantineEnvironment } from '../quarantine-environment.ts';

export interface Quarantine {
  /** The objects folder. */
  path: string;
  /** Environment in which git reads the objects of the repository and of the push, and writes to the quarantine. */
  env: Record<string, string>;
  /** Environment in which git sees only the objects of the push. */
  alone: Record<string, string>;
}

/** Creates the folder within the repository, so that moving its files into the repository is a rename. */
export async function openQuarantine(repositoryPath: string): Promise<Quarantine> {
  const folder = join(repositoryPath, 'quarantine');
  await mkdir(folder, { recursive: true });
  await sweep(folder);
  const path = await mkdtemp(join(folder, 'push-'));
  await mkdir(join(path, 'pack'));
  const alone = { GIT_DIR: repositoryPath, GIT_OBJECT_DIRECTORY: path, GIT_QUARANTINE_PATH: path };
  return { path, alone, env: quarantineEnvironment(repositoryPath, path) };
}

export async function removeQuarantine({ path }: Quarantine): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
