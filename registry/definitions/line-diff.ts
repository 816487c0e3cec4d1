/** Line-by-line differences between two texts, found in bounded time. */
import { diffArrays } from 'diff';

/** Lines `start` to `end` (counted from 0, `end` excluded) of one text became `lines` in the other. */
export interface LineChange {
  start: number;
  end: number;
  lines: string[];
  /** Their position in the other text. */
  at: number;
}

/**
 * Added and removed lines before the search stops. Its time grows quadratically: 5,000 took seconds for
 * hostile files of 1 MiB. A count rather than a time limit, so that the answer is the same on every machine.
 */
const MOST_EDITS = 1_000;

/** The lines with their line ends; joining them gives the text back byte for byte. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/**
 * The changes from one text to the other, in order. Common lines at the start and the end are removed first.
 * If there are too many differences, everything in between is one change.
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
