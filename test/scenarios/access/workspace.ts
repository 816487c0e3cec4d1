/**
 * Clones to push from. The clones are made from the disk, so that preparing them does not use the operation under test.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../../helpers/git.ts';
import { measurement, type Person } from '../../helpers/registry.ts';
import type { World } from './world.ts';

export const BRANCH = 'idea';

/** Returns a clone of `main` with a commit on top, which is created on first use. */
export function workspace(world: World, name: string): Promise<string> {
  const made = clones.get(name) ?? clone(world, name);
  clones.set(name, made);
  return made;
}

const clones = new Map<string, Promise<string>>();

async function clone({ dataDir }: World, name: string): Promise<string> {
  const folder = await mkdtemp(join(dataDir, 'clone-'));
  await git(['clone', '-q', join(dataDir, 'repos', `${name}.git`), folder]);
  await writeFile(join(folder, `${name}.py`), measurement(name, 5));
  await git(['commit', '-qam', 'Change it'], { cwd: folder });
  return folder;
}

/** Opens a merge request from a new branch. */
export async function pushBranch(world: World, name: string, by: Person): Promise<void> {
  const cwd = await workspace(world, name);
  await git(['push', '-q', world.gitUrl(name, by.token), `HEAD:refs/heads/${BRANCH}`], { cwd });
}
