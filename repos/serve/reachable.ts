/**
 * Finds the objects that a caller may see: those that visible refs reach. Git would give out any object of the repository
 * by its id, so every id that a caller sends is checked here first.
 */
import { createInterface } from 'node:readline';
import type { GitCaches } from '../git-caches.ts';
import type { GitProgram, Oid, Repository } from '../types.ts';
import { generationOf } from './generation.ts';
import type { VisibleRefs } from './visible-refs.ts';

export interface Viewer {
  git: GitProgram;
  caches: Pick<GitCaches, 'reachable'>;
  /** Callers with the same key see the same refs. */
  visibility: string;
}

/** Returns the objects that the visible refs point to. For an annotated tag, the result has the tag and its target. */
export function tipsOf({ refs }: VisibleRefs): Set<Oid> {
  const tips = new Set<Oid>();
  for (const [, { oid, peeled }] of refs) {
    tips.add(oid);
    if (peeled !== undefined) tips.add(peeled);
  }
  return tips;
}

/** Returns the `oids` that no visible ref reaches. */
export async function unreachable(
  repository: Repository,
  seen: VisibleRefs,
  oids: Iterable<Oid>,
  viewer: Viewer,
): Promise<Oid[]> {
  const tips = tipsOf(seen);
  const open = [...new Set(oids)].filter((oid) => !tips.has(oid));
  if (open.length === 0) return [];
  const reachable = await reachableFrom(repository, seen, viewer, [
    '--objects',
    '--no-object-names',
  ]);
  return open.filter((oid) => !reachable.has(oid));
}

/** Returns all commits that the visible refs reach. */
export function reachableCommits(
  repository: Repository,
  seen: VisibleRefs,
  viewer: Viewer,
): Promise<ReadonlySet<Oid>> {
  return reachableFrom(repository, seen, viewer, []);
}

function reachableFrom(
  repository: Repository,
  seen: VisibleRefs,
  { git, caches, visibility }: Viewer,
  what: readonly string[],
): Promise<ReadonlySet<Oid>> {
  const key = `${generationOf(seen.all)} ${visibility} ${what.join(' ')}`;
  return caches.reachable.load(key, () => list(repository, tipsOf(seen), git, what));
}

async function list(
  repository: Repository,
  tips: ReadonlySet<Oid>,
  git: GitProgram,
  what: readonly string[],
): Promise<ReadonlySet<Oid>> {
  if (tips.size === 0) return tips;
  const child = git.spawn({ args: ['rev-list', ...what, '--stdin'], cwd: repository.path });
  child.stdin.end(`${[...tips].join('\n')}\n`);
  const reachable = new Set<Oid>();
  for await (const oid of createInterface({ input: child.stdout })) reachable.add(oid);
  const { code, stderr } = await child.exit;
  if (code !== 0) throw new Error(`git rev-list ended with ${code}: ${stderr}`);
  return reachable;
}
