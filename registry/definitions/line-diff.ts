/** Finds the lines that differ between two texts, within a limit of time. */
import { diffArrays } from 'diff';

/** Lines `start` to `end` of one text became `lines` in the other. Lines count from 0, `end` is exclusive. */
export interface LineChange {
  start: number;
  end: number;
  lines: string[];
  /** The line number of `lines` in the other text. */
  at: number;
}

/**
 * The most added and removed lines before the search stops. The time of the search grows quadratically: hostile files
 * of 1 MiB took seconds with a limit of 5,000. The limit is a count and not a time, so that every machine gives the
 * same answer.
 */
const MOST_EDITS = 1_000;

/** The lines of a text with their line ends. Joining the lines gives the text, byte for byte. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/**
 * The changes from one text to the other, in order. If there are too many changes, everything between the common lines
 * at the start and at the end counts as one change.
 */
export function changesBetweenLines(
  before: readonly string[],
  after: readonly string[],
): LineChange[] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const old = before.slice(head, before.length - tail);
  const now = after.slice(head, after.length - tail);
  if (old.length === 0 && now.length === 0) return [];
  const parts = diffArrays(old, now, { maxEditLength: MOST_EDITS });
  if (!parts) return [{ start: head, end: head + old.length, lines: now, at: head }];
  const changes: LineChange[] = [];
  let start = head;
  let at = head;
  let open: LineChange | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      start += value.length;
      at += value.length;
      open = undefined;
      continue;
    }
    if (!open) {
      open = { start, end: start, lines: [], at };
      changes.push(open);
    }
    if (removed) {
      start += value.length;
      open.end = start;
    } else {
      at += value.length;
      open.lines = open.lines.concat(value);
    }
  }
  return changes;
}
