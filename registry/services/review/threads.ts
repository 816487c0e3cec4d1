/** Finds the lines of older comments in the current head. */
import type { ObjectReader, Oid } from '../../../repos/types.ts';
import { type LineMap, mapLine } from '../../definitions/lines.ts';
import type { Comment } from '../../store/entities/index.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { accountOf, type Caller } from '../caller.ts';
import { textOf } from '../content/files.ts';
import { isGone } from './is-gone.ts';

export interface Place {
  line: number | null;
  outdated: boolean;
}

/** The current line of each comment, by its id: in `head` for the side `new`, in `base` for the side `old`. */
export async function placesOfComments(
  deps: AnalysisDeps,
  caller: Caller,
  objects: ObjectReader | null,
  comments: readonly Comment[],
  now: { head: Oid; base: Oid | null },
): Promise<Map<number, Place>> {
  /** Null if one of the commits does not have the file. */
  const mapBetween = async (file: string, from: Oid | null, to: Oid | null) => {
    const [before, after] = [await read(objects, file, from), await read(objects, file, to)];
    if (!before || !after) return null;
    const texts = [textOf(before), textOf(after)] as const;
    return await deps.analysis.ask(accountOf(caller), 'lineMap', ...texts);
  };
  const maps = new Map<string, LineMap | null>();
  const places = new Map<number, Place>();
  for (const comment of comments) {
    const { id, file, line, side } = comment;
    if (file === null || line === null) {
      places.set(id, { line: null, outdated: false });
      continue;
    }
    const [from, to] = side === 'old' ? [comment.base, now.base] : [comment.head, now.head];
    if (from === to) {
      places.set(id, { line, outdated: false });
      continue;
    }
    const key = `${from} ${to} ${file}`;
    if (!maps.has(key)) maps.set(key, await mapBetween(file, from, to));
    const map = maps.get(key);
    const at = map ? mapLine(map, line) : null;
    places.set(id, { line: at, outdated: at === null });
  }
  return places;
}

async function read(objects: ObjectReader | null, file: string, commit: Oid | null) {
  if (objects === null || commit === null) return undefined;
  try {
    return await objects.readFile(commit, file);
  } catch (error) {
    // A forced push replaced this head, and packing the repository removed its commits.
    if (isGone(error)) return undefined;
    throw error;
  }
}
