/**
 * Checks the objects that a push refers to. Each of these objects must be pushed too, or be reachable from a ref that
 * the pusher can see. Other objects of the repository are treated as missing. Otherwise a pusher could read a hidden
 * object by pushing a tree that contains it.
 */
import { isTag } from '../../text/refs.ts';
import { RepositoryError } from '../errors.ts';
import { MOST_ENTRIES } from '../limits.ts';
import type { ObjectStore } from '../object-store.ts';
import { isTree, type ObjectType } from '../object-text.ts';
import type { Oid, Repository } from '../types.ts';
import type { Command } from '../wire/push.ts';
import type { Inspection } from './inspect.ts';
import { tipsOf, unreachable, type Viewer } from './reachable.ts';
import type { Rejection } from './unpack.ts';
import type { VisibleRefs } from './visible-refs.ts';

/** The most missing objects that a refusal lists. */
const NAMED = 5;

type Types = Map<Oid, ObjectType>;

/** Returns why the push is refused, or undefined. A ref outside `refs/tags/` must point to a commit. */
export async function checkConnectivity(
  repository: Repository,
  seen: VisibleRefs,
  objects: ObjectStore,
  { types, outside }: Inspection,
  commands: readonly Command[],
  viewer: Viewer,
): Promise<Rejection | undefined> {
  const needed: Types = new Map(outside);
  const tags = new Set<Oid>();
  for (const { ref, to } of commands) {
    if (to === null) continue;
    const type = types.get(to);
    const tagged = isTag(ref);
    if (type === undefined && tagged) tags.add(to);
    else if (type === undefined) needed.set(to, 'commit');
    else if (type !== 'commit' && !tagged) return notA('commit', to, type, 'not a commit');
  }
  const known = await plainlyThere(seen, objects, needed);
  for (const oid of known) needed.delete(oid);
  const missing = await unreachable(repository, seen, [...needed.keys(), ...tags], viewer);
  if (missing.length > 0) {
    const help = missing.slice(0, NAMED).map((oid) => `Missing object ${oid}.`);
    return { reason: 'missing necessary objects', help };
  }
  return await wrongType(repository, needed, viewer);
}

/**
 * Finds needed objects without starting git: commits that visible refs point to, and the contents of their trees. Nearly
 * every push needs only such objects.
 */
async function plainlyThere(
  seen: VisibleRefs,
  objects: ObjectStore,
  needed: ReadonlyMap<Oid, ObjectType>,
): Promise<Set<Oid>> {
  const tips = tipsOf(seen);
  const known = new Set<Oid>();
  const below: Types = new Map();
  try {
    for (const [oid, as] of needed) {
      if (as !== 'commit' || !tips.has(oid)) continue;
      const { tree } = await objects.readCommit(oid);
      known.add(oid);
      if (known.size < needed.size) await walk(objects, tree, below);
      if (below.size > MOST_ENTRIES) break;
    }
  } catch (error) {
    // The object is not a commit or cannot be read. The check by git, which follows, reports the error.
    if (!(error instanceof RepositoryError)) throw error;
  }
  for (const [oid, as] of needed) if (below.get(oid) === as) known.add(oid);
  return known;
}

async function walk(objects: ObjectStore, root: Oid, below: Types): Promise<void> {
  const waiting = [root];
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    if (below.has(tree)) continue;
    below.set(tree, 'tree');
    for (const { mode, oid } of await objects.readTree(tree)) {
      if (isTree(mode)) waiting.push(oid);
      else below.set(oid, 'blob');
    }
    if (below.size > MOST_ENTRIES) return;
  }
}

/** Refuses the push if a needed object has another type than its reference says. All objects exist. */
async function wrongType(
  { path }: Repository,
  needed: ReadonlyMap<Oid, ObjectType>,
  { git }: Viewer,
): Promise<Rejection | undefined> {
  if (needed.size === 0) return undefined;
  const input = Buffer.from([...needed.keys()].map((oid) => `${oid}\n`).join(''));
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)'];
  const { stdout } = await git.run({ args, cwd: path, input });
  for (const line of stdout.toString().trimEnd().split('\n')) {
    const [oid = '', type = ''] = line.split(' ');
    const as = needed.get(oid);
    if (as !== undefined && type !== as) return notA(as, oid, type);
  }
  return undefined;
}

function notA(as: ObjectType, oid: Oid, type: string, reason?: string): Rejection {
  const help = `${oid} is a ${type}, not a ${as}`;
  return { reason: reason ?? help, help: [`${help}.`] };
}
