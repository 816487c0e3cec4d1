/** A folder of objects that do not belong to the repository yet, as in git's receive-pack (git-receive-pack(1), "Quarantine Environment"). */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sweep } from '../leftovers.ts';
import { quarantineEnvironment } from '../quarantine-environment.ts';

export interface Quarantine {
  /** The objects folder. */
  path: string;
  /** Environment of a git that also reads the repository's objects, and writes here. */
  env: Record<string, string>;
  /** Environment of a git that sees the new objects only. */
  alone: Record<string, string>;
}

/** Makes a folder beside the repository's objects, on the same file system. */
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
