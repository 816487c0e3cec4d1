/** Where a line of one text went in another: comments follow the lines that they were written on. */
import { changesBetweenLines, type LineChange, linesOf } from './line-diff.ts';

export type LineMap = readonly LineChange[];

export function lineMap(before: string, after: string): LineMap {
  return changesBetweenLines(linesOf(before), linesOf(after));
}

/** Lines count from 1. Null where the line was changed or taken away. */
export function mapLine(map: LineMap, line: number): number | null {
  let shift = 0;
  for (const { start, end, lines } of map) {
    if (line - 1 < start) break;
    if (line - 1 < end) return null;
    shift += lines.length - (end - start);
  }
  return line + shift;
}
