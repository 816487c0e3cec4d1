/**
 * Small objects that were read lately, by the objects folder that has them. An object never changes, and the same few,
 * those of the newest version above all, are asked for in every request.
 */
import { sep } from 'node:path';
import type { StoredObject } from './cat-file.ts';
import type { Oid } from './types.ts';

/** Of all folders together, in bytes; the one used longest ago goes first. */
const LIMIT = 4 * 1024 * 1024;

/** A larger one is read again: it takes longer to use than to read. */
export const SMALL_OBJECT = 64 * 1024;

const folders = new Map<string, Map<Oid, StoredObject>>();
let total = 0;

export function recall(folder: string, oid: Oid): StoredObject | undefined {
  const objects = folders.get(folder);
  if (objects === undefined) return undefined;
  folders.delete(folder);
  folders.set(folder, objects);
  return objects.get(oid);
}

export function remember(folder: string, oid: Oid, found: StoredObject): void {
  if (found.bytes.length > SMALL_OBJECT) return;
  const objects = folders.get(folder) ?? new Map<Oid, StoredObject>();
  if (objects.has(oid)) return;
  objects.set(oid, found);
  folders.delete(folder);
  folders.set(folder, objects);
  total += found.bytes.length;
  for (const oldest of folders.keys()) {
    if (total <= LIMIT) return;
    forgetFolder(oldest);
  }
}

/** What was in one folder is in another now. */
export function moveRemembered(from: string, to: string): void {
  const moved = folders.get(from);
  forgetFolder(from);
  for (const [oid, found] of moved ?? []) remember(to, oid, found);
}

/** Folders below a path. */
export function forgetBelow(path: string): void {
  for (const folder of folders.keys()) if (folder.startsWith(path + sep)) forgetFolder(folder);
}

export function forgetFolder(folder: string): void {
  for (const { bytes } of folders.get(folder)?.values() ?? []) total -= bytes.length;
  folders.delete(folder);
}
