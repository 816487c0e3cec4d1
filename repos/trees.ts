import { RepositoryError } from './errors.ts';
import type { ObjectBatch } from './object-batch.ts';
import type { ObjectStore } from './object-store.ts';
import { formatTree, isTree, type TreeEntry } from './object-text.ts';
import type { Oid } from './types.ts';

export type Changes = ReadonlyMap<string, Uint8Array | null>;

/** The changes of one folder by name: the new bytes of a file, null to delete it, or the changes of a subfolder. */
type Level = Map<string, Uint8Array | null | Level>;

/**
 * Applies changes to the tree `base`, adds the new objects to the batch, and returns the id of the new tree. A replaced
 * file keeps its mode, and a new file gets 100644. Empty folders are removed. Throws `bad_object` if git refuses a path, or
 * if a path would be both a file and a folder.
 */
export async function changeTree(
  objects: ObjectStore,
  batch: ObjectBatch,
  base: Oid | null,
  changes: Changes,
): Promise<Oid> {
  return (
    (await layOver(objects, batch, base, byFolder(changes))) ?? batch.add('tree', Buffer.alloc(0))
  );
}

async function layOver(
  objects: ObjectStore,
  batch: ObjectBatch,
  base: Oid | null,
  level: Level,
): Promise<Oid | undefined> {
  const before = base === null ? [] : await objects.readTree(base);
  const entries = new Map<string, TreeEntry>(before.map((entry) => [entry.name, entry]));
  for (const [name, change] of level) {
    const old = entries.get(name);
    const wasTree = old !== undefined && isTree(old.mode);
    if (change === null) {
      entries.delete(name);
    } else if (change instanceof Map) {
      const oid = await layOver(objects, batch, wasTree ? old.oid : null, change);
      if (oid !== undefined) entries.set(name, { mode: '40000', name, oid });
      else if (wasTree) entries.delete(name);
    } else {
      const mode = old === undefined || wasTree ? '100644' : old.mode;
      entries.set(name, { mode, name, oid: batch.add('blob', change) });
    }
  }
  return entries.size === 0 ? undefined : batch.add('tree', formatTree([...entries.values()]));
}

function byFolder(changes: Changes): Level {
  const root: Level = new Map();
  for (const [path, change] of changes) {
    if (change !== null && !place(root, path, change)) refuse(path);
  }
  // Deletions come last. If a write has used the path already, a file becomes a folder or a folder becomes a file, and
  // the deletion has no further effect.
  for (const [path, change] of changes) if (change === null) place(root, path, null);
  return root;
}

/** Returns false if another change makes one of the path's folders a file, or has the same path. */
function place(root: Level, path: string, change: Uint8Array | null): boolean {
  const parts = path.split('/');
  if (!parts.every(isFileName)) refuse(path);
  const name = parts.pop() as string;
  let level = root;
  for (const part of parts) {
    const below = level.get(part) ?? new Map();
    if (!(below instanceof Map)) return false;
    level.set(part, below);
    level = below;
  }
  if (level.has(name)) return false;
  level.set(name, change);
  return true;
}

/** Whether git's fsck and checkout accept the name on every system. Git refuses every spelling of `.git` (path.c). */
function isFileName(name: string): boolean {
  const plain = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '');
  return (
    !['', '.', '..'].includes(name) &&
    !/[\0\\]/.test(name) &&
    !/^(\.git|git~\d+)[. ]*(:.*)?$/i.test(plain) &&
    Buffer.from(name).toString() === name
  );
}

function refuse(path: string): never {
  throw new RepositoryError(
    'bad_object',
    `${JSON.stringify(path)} is not a possible path of a file`,
  );
}
