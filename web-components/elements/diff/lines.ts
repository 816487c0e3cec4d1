/** Pure: a unified diff → files, hunks and lines with the words that differ. */
import { diffWordsWithSpace } from 'diff';
import { parse } from 'diff2html/lib/diff-parser.js';
import { newDistanceFn, newMatcherFn } from 'diff2html/lib/rematch.js';

/** A piece of a line, and whether it differs from the other version of the line. */
export type Piece = readonly [text: string, changed: boolean];

export interface DiffLine {
  /** The number of the line in its file, from 1. */
  number: number;
  pieces: readonly Piece[];
}

/** An old line and the new line that replaces it. An added or deleted line has no counterpart. */
export interface DiffPair {
  old?: DiffLine;
  new?: DiffLine;
}

export interface DiffSection {
  changed: boolean;
  pairs: readonly DiffPair[];
}

export interface DiffHunk {
  /** In git's format: `@@ -1,7 +1,9 @@ class SR830`. */
  header: string;
  sections: readonly DiffSection[];
}

export interface FileDiff {
  /** The new path of the file, or the old path if the file was deleted. */
  path: string;
  oldPath: string;
  status: 'added' | 'deleted' | 'renamed' | 'modified';
  isBinary: boolean;
  added: number;
  removed: number;
  hunks: readonly DiffHunk[];
}

/**
 * The most comparisons for a run of changed lines. A longer run would take too long, so its lines are paired in order.
 */
const MOST_COMPARISONS = 2_500;
/** Lines with more than `LONGEST_LINE` characters are not compared word by word. */
const LONGEST_LINE = 2_000;
const NOWHERE = '/dev/null';

/** The first `most` pairs of lines in the hunks, and the number of pairs that remain. */
export function beginningOf(
  hunks: readonly DiffHunk[],
  most: number,
): { hunks: DiffHunk[]; left: number } {
  let room = most;
  let left = 0;
  const shown = hunks.map(({ header, sections }) => ({
    header,
    sections: sections.flatMap(({ changed, pairs }) => {
      const kept = pairs.slice(0, room);
      room -= kept.length;
      left += pairs.length - kept.length;
      return kept.length > 0 ? [{ changed, pairs: kept }] : [];
    }),
  }));
  return { hunks: shown.filter(({ sections }) => sections.length > 0), left };
}

type Parsed = ReturnType<typeof parse>[number];
type ParsedLine = Parsed['blocks'][number]['lines'][number];

export function readDiff(text: string): FileDiff[] {
  return parse(text).map(fileOf);
}

function fileOf(file: Parsed): FileDiff {
  const isGone = file.isDeleted || file.newName === NOWHERE;
  const isNew = file.isNew || file.oldName === NOWHERE;
  const path = isGone ? file.oldName : file.newName;
  const oldPath = isNew ? path : file.oldName;
  return {
    path,
    oldPath,
    status: isNew ? 'added' : isGone ? 'deleted' : oldPath === path ? 'modified' : 'renamed',
    isBinary: file.isBinary ?? false,
    added: file.addedLines,
    removed: file.deletedLines,
    hunks: file.blocks.map(({ header, lines }) => ({ header, sections: sectionsOf(lines) })),
  };
}

function sectionsOf(lines: readonly ParsedLine[]): DiffSection[] {
  const sections: DiffSection[] = [];
  let rest = lines;
  while (rest.length > 0) {
    const changed = rest[0]?.type !== 'context';
    const end = rest.findIndex(({ type }) => (type !== 'context') !== changed);
    const run = end === -1 ? rest : rest.slice(0, end);
    sections.push({ changed, pairs: changed ? pairLines(run) : run.map(contextPair) });
    rest = rest.slice(run.length);
  }
  return sections;
}

function contextPair({ oldNumber, newNumber, content }: ParsedLine): DiffPair {
  const pieces: Piece[] = [[textOf(content), false]];
  return {
    old: { number: oldNumber as number, pieces },
    new: { number: newNumber as number, pieces },
  };
}

/** Pairs deleted lines with added lines by similarity. A run that would take too long is paired in order. */
function pairLines(run: readonly ParsedLine[]): DiffPair[] {
  const removed = run.filter(({ type }) => type === 'delete');
  const added = run.filter(({ type }) => type === 'insert');
  const groups =
    removed.length * added.length > MOST_COMPARISONS ? [[removed, added]] : matcher(removed, added);
  return groups.flatMap(([before = [], after = []]) =>
    Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
      pairOf(before[index], after[index]),
    ),
  );
}

const matcher = newMatcherFn(newDistanceFn((line: ParsedLine) => textOf(line.content)));

function pairOf(before: ParsedLine | undefined, after: ParsedLine | undefined): DiffPair {
  const [old = '', now = ''] = [before, after].map((line) => line && textOf(line.content));
  const [oldPieces, newPieces] =
    before && after ? words(old, now) : [[[old, false]], [[now, false]]];
  return {
    ...(before && { old: { number: before.oldNumber as number, pieces: oldPieces as Piece[] } }),
    ...(after && { new: { number: after.newNumber as number, pieces: newPieces as Piece[] } }),
  };
}

/** The pieces of an old line and of the new line. No words are marked if the lines have little in common. */
function words(old: string, now: string): [Piece[], Piece[]] {
  if (Math.max(old.length, now.length) > LONGEST_LINE) return [[[old, false]], [[now, false]]];
  const changes = diffWordsWithSpace(old, now);
  const same = changes.filter(({ added, removed }) => !added && !removed);
  const shared = same.reduce((sum, { value }) => sum + value.trim().length, 0);
  if (shared * 3 < Math.max(old.trim().length, now.trim().length)) {
    return [[[old, false]], [[now, false]]];
  }
  return [
    changes.filter(({ added }) => !added).map(({ value, removed }) => [value, removed]),
    changes.filter(({ removed }) => !removed).map(({ value, added }) => [value, added]),
  ];
}

/** The line without its `+`, `-` or space in front. */
const textOf = (content: string): string => content.slice(1);
