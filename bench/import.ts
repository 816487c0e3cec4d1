/** Compares the import of a folder of definitions with git creating the same repositories. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importFolder } from '../registry/services/import-export/import-folder.ts';
import { importTarget } from '../registry/services/import-export/import-target.ts';
import { durableGit } from './git.ts';
import { type Figure, inTurn, timed } from './pairs.ts';
import type { BenchRegistry } from './registry.ts';
import { sources } from './sources.ts';

export interface ImportSize {
  rounds: number;
  definitions: number;
}

/** Every round imports new names, because an import of existing definitions lands nothing. */
export async function measureImport(
  { deps }: BenchRegistry,
  { rounds, definitions }: ImportSize,
): Promise<Figure[]> {
  const root = await mkdtemp(join(tmpdir(), 'bench-import-'));
  const source = await sources();
  const target = importTarget(deps, { lab: null, isBuiltin: false });
  const namesOf = (round: number) =>
    Array.from({ length: definitions }, (_, i) => `Import${round}x${i}`);

  async function folderOf(round: number): Promise<string> {
    const folder = join(root, `round-${round}`);
    await mkdir(folder, { recursive: true });
    for (const name of namesOf(round)) {
      await writeFile(join(folder, `${name}.py`), source(name));
    }
    return folder;
  }

  async function ours(round: number): Promise<number> {
    const folder = await folderOf(round);
    let landed = 0;
    const time = await timed(async () => {
      landed = (await importFolder(folder, {}, target, deps)).imported.length;
    });
    if (landed !== definitions) throw new Error(`${landed} of ${definitions} were imported`);
    return time;
  }

  async function alone(round: number): Promise<number> {
    const folder = await folderOf(round);
    const bare = join(root, `bare-${round}`);
    await mkdir(bare);
    return await timed(async () => {
      for (const name of namesOf(round)) await makeRepository(folder, bare, name);
    });
  }

  try {
    const compared = await inTurn(rounds, ours, alone);
    return [
      {
        name: 'import of definitions',
        floor: 'git init, add, commit, tag for each',
        unit: 'ms',
        of: definitions,
        goal: 2,
        ...compared,
      },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function makeRepository(folder: string, bare: string, name: string): Promise<void> {
  const path = join(bare, `${name}.git`);
  await durableGit(bare, 'init', '--quiet', '--bare', '--initial-branch=main', path);
  const at = [`--git-dir=${path}`, `--work-tree=${folder}`];
  await durableGit(folder, ...at, 'add', `${name}.py`);
  await durableGit(folder, ...at, 'commit', '--quiet', '-m', `Import ${name}`);
  await durableGit(folder, ...at, 'tag', '-a', 'v1', '-m', `Version 1 of ${name}`);
}
