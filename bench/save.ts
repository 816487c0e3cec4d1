/** Compares a save through the API with a commit and a tag in a work tree. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durableGit } from './git.ts';
import { type Figure, inTurn, timed } from './pairs.ts';
import type { BenchRegistry } from './registry.ts';
import { sources } from './sources.ts';

export async function measureSave(registry: BenchRegistry, rounds: number): Promise<Figure[]> {
  const source = await sources();
  const name = 'Saved1';
  const made = await registry.ask('POST', '/api/instrument-definitions', {
    name,
    lab_id: null,
    source_code: source(name),
  });
  const { id } = JSON.parse(made) as { id: number };

  const tree = await mkdtemp(join(tmpdir(), 'bench-save-'));
  await durableGit(tree, 'init', '--quiet', '--initial-branch=main');
  const file = join(tree, `${name}.py`);
  await writeFile(file, source(name));
  await durableGit(tree, 'add', `${name}.py`);
  await durableGit(tree, 'commit', '--quiet', '-m', 'First');

  const ours = (round: number) =>
    timed(() =>
      registry.ask('PUT', `/api/instrument-definitions/${id}`, {
        source_code: source(name, round + 1),
      }),
    );
  const alone = (round: number) =>
    timed(async () => {
      await writeFile(file, source(name, round + 1));
      await durableGit(tree, 'commit', '--quiet', '-a', '-m', 'Save');
      await durableGit(tree, 'tag', '-a', `v${round + 2}`, '-m', 'Saved');
    });
  try {
    const compared = await inTurn(rounds, ours, alone);
    return [{ name: 'save (PUT)', floor: 'git commit, git tag', unit: 'ms', ...compared }];
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}
