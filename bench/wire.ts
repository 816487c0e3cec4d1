/** Compares clone and push over HTTP with clone and push between two folders on the disk. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durableGit } from './git.ts';
import { type Figure, inTurn, timed } from './pairs.ts';
import type { BenchRegistry } from './registry.ts';
import { sources } from './sources.ts';

const NAME = 'Cloned2';

/** The floor uses a bare clone of the same repository, so both sides have the same objects. */
export async function measureWire(registry: BenchRegistry, rounds: number): Promise<Figure[]> {
  const source = await sources();
  await registry.ask('POST', '/api/instrument-definitions', {
    name: NAME,
    lab_id: null,
    source_code: source(NAME),
  });
  const root = await mkdtemp(join(tmpdir(), 'bench-wire-'));
  const remote = new URL(`${registry.url}/definitions/${NAME}.git`);
  remote.username = 'git';
  remote.password = registry.token;
  const bare = join(root, 'bare.git');
  await durableGit(root, 'clone', '--quiet', '--bare', remote.href, bare);

  const clone = (from: string, to: string) => (round: number) =>
    timed(() => durableGit(root, 'clone', '--quiet', from, `${to}-${round}`));
  const push = (work: string) => async (round: number) => {
    const tree = join(root, work);
    await writeFile(join(tree, `${NAME}.py`), source(NAME, round + 1));
    await durableGit(tree, 'commit', '--quiet', '-a', '-m', `Change ${round}`);
    return await timed(() => durableGit(tree, 'push', '--quiet', 'origin', 'main'));
  };
  try {
    const cloned = await inTurn(rounds, clone(remote.href, 'http'), clone(bare, 'path'));
    const pushed = await inTurn(rounds, push('http-0'), push('path-0'));
    return [
      { name: 'clone over HTTP', floor: 'git clone of a path', unit: 'ms', ...cloned },
      { name: 'push over HTTP', floor: 'git push to a path', unit: 'ms', ...pushed },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
