/** Finds the line of a new text that corresponds to a line of the old text, so that comments move with their lines. */
import { changesBetweenLines, type LineChange, linesOf } from './line-diff.ts';

export type LineMap = readonly LineChange[];

export function lineMap(before: string, after: string): LineMap {
  return changesBetweenLines(linesOf(before), linesOf(after));
}

/**
 * The line number in the new text of a line of the old text. Lines count from 1. Returns null if the line was changed
 * or removed.
 */
export function mapLine(map: LineMap, line: number): number | null {
  let shift = 0;
  for (const { start, end, lines } of map) {
    if (line - 1 < start) break;
    if (line - 1 < end) return null;
    shift += lines.length - (end - start);
  }
  return line + shift;
}
