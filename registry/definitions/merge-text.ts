/** Merges the lines of a file three ways. The editor in the browser uses this code too. */
import { changesBetweenLines, type LineChange, linesOf } from './line-diff.ts';

/** Lines of `ours` that conflict, counted from 1. `end_line` is the last conflicting line. */
export interface Conflict {
  line: number;
  end_line: number;
}

/**
 * Applies the changes of both sides to `base`. Changes that overlap or touch are a conflict unless they are equal, as
 * in git-merge-file(1).
 */
export function mergeText(
  base: string,
  ours: string,
  theirs: string,
): { text: string } | { conflicts: Conflict[] } {
  const lines = linesOf(base);
  const own = linesOf(ours);
  const groups = grouped(
    changesBetweenLines(lines, own),
    changesBetweenLines(lines, linesOf(theirs)),
  );
  const conflicts = groups.filter(isConflict).map((group) => placeOf(group, own.length));
  if (conflicts.length > 0) return { conflicts };
  const merged: string[][] = [];
  let at = 0;
  for (const group of groups) {
    const change = (group.ours[0] ?? group.theirs[0]) as LineChange;
    merged.push(lines.slice(at, change.start), change.lines);
    at = change.end;
  }
  return { text: [...merged, lines.slice(at)].flat().join('') };
}

/** A group of changes that overlap or touch. */
interface Group {
  end: number;
  ours: LineChange[];
  theirs: LineChange[];
}

function grouped(ours: LineChange[], theirs: LineChange[]): Group[] {
  const all = [
    ...ours.map((change) => ({ change, side: 'ours' as const })),
    ...theirs.map((change) => ({ change, side: 'theirs' as const })),
  ].sort((a, b) => a.change.start - b.change.start || a.change.end - b.change.end);
  const groups: Group[] = [];
  for (const { change, side } of all) {
    let group = groups.at(-1);
    if (group === undefined || change.start > group.end) {
      group = { end: change.end, ours: [], theirs: [] };
      groups.push(group);
    }
    group.end = Math.max(group.end, change.end);
    group[side].push(change);
  }
  // Changes that touch stay separate if all of them come from one side.
  return groups.flatMap((group) =>
    group.ours.length && group.theirs.length ? [group] : apart(group),
  );
}

function apart({ ours, theirs }: Group): Group[] {
  return [
    ...ours.map((change) => ({ end: change.end, ours: [change], theirs: [] })),
    ...theirs.map((change) => ({ end: change.end, ours: [], theirs: [change] })),
  ];
}

function isConflict({ ours, theirs }: Group): boolean {
  if (ours.length === 0 || theirs.length === 0) return false;
  return JSON.stringify(ours.map(content)) !== JSON.stringify(theirs.map(content));
}

const content = ({ start, end, lines }: LineChange) => [start, end, lines];

/**
 * The lines to show for a conflict. If lines were deleted, the following line is shown, or the last line of the file.
 */
function placeOf({ ours }: Group, most: number): Conflict {
  const first = ours[0] as LineChange;
  const last = ours.at(-1) as LineChange;
  const line = Math.max(1, Math.min(first.at + 1, most));
  return { line, end_line: Math.max(last.at + last.lines.length, line) };
}
