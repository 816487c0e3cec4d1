/**
 * Refuses pushed objects that git's fsck accepts but the registry does not: large files, large or very deep folders,
 * symlinks and submodules.
 */
import { isUtf8 } from 'node:buffer';
import { showName } from '../byte-names.ts';
import { MOST_COMMIT_BYTES, MOST_ENTRIES, MOST_TREE_BYTES, TOO_MANY_ENTRIES } from '../limits.ts';
import type { ObjectType } from '../object-text.ts';
import type { Oid } from '../types.ts';
import { linksOf } from './links.ts';
import type { PushedObjects } from './pushed-objects.ts';
import { treeEntries } from './tree.ts';
import type { PackLimits, Rejection } from './unpack.ts';

/** The modes of folders and files. Git's fsck reports other modes but accepts them (git-fsck(1), `badFilemode`). */
const FOLDER = '40000';
const MODES = new Set([FOLDER, '100644', '100755']);
const MODE_NAMES: Record<string, string> = { '120000': 'symlink', '160000': 'submodule' };

/** The most problems that a refusal lists. */
const MOST_PROBLEMS = 20;

export interface Inspection {
  /**
   * Why the push is refused: the first problem as the reason, and a list of problems. Undefined if there is no problem.
   */
  unfit: Rejection | undefined;
  types: ReadonlyMap<Oid, ObjectType>;
  /** Objects that pushed objects refer to but that were not pushed, with the type that the reference says. */
  outside: ReadonlyMap<Oid, ObjectType>;
}

export async function inspect(pushed: PushedObjects, limits: PackLimits): Promise<Inspection> {
  const { types, large } = await survey(pushed, limits);
  const problems: string[] = [];
  const folders = new Map<Oid, Folder>();
  const outside = new Map<Oid, ObjectType>();
  const link = (oid: Oid, as: ObjectType) => {
    const type = types.get(oid) ?? outside.get(oid);
    if (type === undefined) outside.set(oid, as);
    else if (type !== as) problems.push(`${oid} is a ${type}, not a ${as}`);
  };
  const readable = [...types].filter(([oid, type]) => type !== 'blob' && !large.has(oid));
  for await (const { oid: id, bytes } of pushed.contents(readable.map(([oid]) => oid))) {
    const type = types.get(id);
    if (type !== 'tree') {
      for (const { oid, as } of linksOf(type, bytes)) link(oid, as);
      continue;
    }
    const folder: Folder = { entries: 0, below: [] };
    folders.set(id, folder);
    for (const { mode, name, oid } of treeEntries(bytes)) {
      folder.entries += 1;
      if (mode === FOLDER) folder.below.push(oid);
      if (!isUtf8(name)) problems.push(`the file name is not UTF-8: ${showName(name)}`);
      if (!MODES.has(mode))
        problems.push(`${MODE_NAMES[mode] ?? `mode ${mode}`} not allowed: ${showName(name)}`);
      else link(oid, mode === FOLDER ? 'tree' : 'blob');
      const found = large.get(oid);
      if (found !== undefined) {
        const what = mode === FOLDER ? 'folder' : 'file';
        problems.push(`${what} too large: ${showName(name)} (${found.sizes})`);
        large.delete(oid);
      }
    }
  }
  for (const [oid, { what, sizes }] of large) problems.push(`${what} too large: ${oid} (${sizes})`);
  if (hasEndless(folders)) problems.push(TOO_MANY_ENTRIES);
  const [reason] = problems;
  const unfit =
    reason === undefined ? undefined : { reason, help: problems.slice(0, MOST_PROBLEMS) };
  return { unfit, types, outside };
}

/** A pushed tree: the number of its entries, and the ids of its subfolders. */
interface Folder {
  entries: number;
  below: Oid[];
}

/** The deepest nesting that is counted. A path of 200 characters cannot have more than 100 folders. */
const MOST_DEPTH = 100;

/**
 * Whether any of these trees, with all its subfolders, has more entries than a version may have. Counts each tree once, so
 * the time is proportional to the push. Does not count trees that the repository already has, because reading a version
 * has the same limit.
 */
function hasEndless(folders: ReadonlyMap<Oid, Folder>): boolean {
  const counted = new Map<Oid, number>();
  const count = (oid: Oid, depth: number): number => {
    const known = counted.get(oid);
    if (known !== undefined) return known;
    const folder = folders.get(oid);
    if (folder === undefined) return 0;
    if (depth > MOST_DEPTH) return Number.POSITIVE_INFINITY;
    let entries = folder.entries;
    for (const below of folder.below) entries += count(below, depth + 1);
    counted.set(oid, entries);
    return entries;
  };
  return [...folders.keys()].some((oid) => count(oid, 0) > MOST_ENTRIES);
}

async function survey(pushed: PushedObjects, { fileBytes }: PackLimits) {
  const types = new Map<Oid, ObjectType>();
  const large = new Map<Oid, { what: string; sizes: string }>();
  const limits: Partial<Record<ObjectType, number>> = {
    tree: MOST_TREE_BYTES,
    commit: MOST_COMMIT_BYTES,
    tag: MOST_COMMIT_BYTES,
  };
  for await (const { oid, type, size } of pushed.all()) {
    types.set(oid, type);
    const most = limits[type] ?? fileBytes;
    const what = type === 'blob' || type === 'tree' ? 'object' : type;
    if (size > most) large.set(oid, { what, sizes: `${size} bytes, the limit is ${most}` });
  }
  return { types, large };
}
