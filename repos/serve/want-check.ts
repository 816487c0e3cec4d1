/**
 * Which objects a caller may fetch by id. Git's upload-pack hands out any object of the repository
 * under protocol v2, reachable or not, and what others may not see lives in the same repository.
 */
import { createInterface } from 'node:readline';
import { Kept } from '../kept.ts';
import type { GitProgram, Oid, Repository } from '../types.ts';
import { generationOf } from './generation.ts';
import type { VisibleRefs } from './visible-refs.ts';

/** Ids in all kept sets together; each takes about 100 bytes. */
const KEPT_IDS = 400_000;

const reachableSets = new Kept<ReadonlySet<Oid>>(KEPT_IDS, (set) => set.size);

export interface WantCheck {
  git: GitProgram;
  /** Callers with the same key see the same refs. */
  visibility: string;
  signal: AbortSignal;
}

/** The first of `wants` that no ref of these reaches, or undefined: then all may be fetched. */
export async function forbiddenWant(
  repository: Repository,
  seen: VisibleRefs,
  wants: Iterable<Oid>,
  check: WantCheck,
): Promise<Oid | undefined> {
  const tips = tipsOf(seen);
  const open = new Set(wants);
  for (const tip of tips) open.delete(tip);
  if (open.size === 0) return undefined;

  const key = `${generationOf(seen.all)} ${check.visibility}`;
  let reachable = reachableSets.get(key);
  if (reachable === undefined) {
    reachable = await reachableFrom(repository, tips, check);
    reachableSets.set(key, reachable);
  }
  for (const want of open) if (!reachable.has(want)) return want;
  return undefined;
}

function tipsOf({ refs }: VisibleRefs): Set<Oid> {
  const tips = new Set<Oid>();
  for (const [, { oid, peeled }] of refs) {
    tips.add(oid);
    if (peeled !== undefined) tips.add(peeled);
  }
  return tips;
}

async function reachableFrom(
  repository: Repository,
  tips: Set<Oid>,
  { git, signal }: WantCheck,
): Promise<ReadonlySet<Oid>> {
  if (tips.size === 0) return tips;
  const args = ['rev-list', '--objects', '--no-object-names', '--stdin'];
  const child = git.spawn({ args, cwd: repository.path, signal });
  child.stdin.end(`${[...tips].join('\n')}\n`);
  const reachable = new Set<Oid>();
  for await (const oid of createInterface({ input: child.stdout })) reachable.add(oid);
  const { code, stderr } = await child.exit;
  if (code !== 0) throw new Error(`git rev-list ended with ${code}: ${stderr}`);
  return reachable;
}
