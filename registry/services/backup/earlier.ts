/** The refs of an earlier backup. An incremental backup contains only what the earlier backup does not have. */
import type { Oid, Refs } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import { ArchiveReader } from '../archive.ts';
import { MANIFEST, parseManifest, REFS } from './contents.ts';
import { linesOf } from './lines.ts';

export interface Earlier {
  /** The id of the earlier backup. */
  id: string;
  /** The refs of each repository in the earlier backup, and in the backups before it. */
  refs: ReadonlyMap<string, ReadonlyMap<string, Oid>>;
}

/** Throws `Problem` `invalid` if the file is no backup, or if an older registry made it. */
export async function readEarlier(path: string): Promise<Earlier> {
  const archive = await ArchiveReader.open(path);
  try {
    const { id, version } = parseManifest(await archive.text(MANIFEST));
    if (id === undefined) {
      throw new Problem(
        'invalid',
        `${path} was made by version ${version}, and does not list its refs. Make a full backup first.`,
      );
    }
    return { id, refs: await readRefs(archive) };
  } finally {
    archive.close();
  }
}

/** Reads the list of refs in a backup. */
export async function readRefs(archive: ArchiveReader): Promise<Earlier['refs']> {
  const refs = new Map<string, ReadonlyMap<string, Oid>>();
  for await (const line of linesOf(archive.read(REFS))) {
    const { name, refs: listed } = JSON.parse(line) as RefsLine;
    refs.set(name, new Map(Object.entries(listed)));
  }
  return refs;
}

interface RefsLine {
  name: string;
  refs: Record<string, Oid>;
}

/** The line for one repository in the list of refs. */
export function refsLine(name: string, refs: Refs): string {
  const listed = Object.fromEntries([...refs].map(([ref, { oid }]) => [ref, oid]));
  return `${JSON.stringify({ name, refs: listed } satisfies RefsLine)}\n`;
}

/** Whether the earlier backup has exactly these refs. */
export function isUnchanged(refs: Refs, before: ReadonlyMap<string, Oid>): boolean {
  return refs.size === before.size && [...refs].every(([ref, { oid }]) => before.get(ref) === oid);
}
