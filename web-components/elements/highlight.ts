/** Pure: Python text → lines of highlighted pieces. */
import { classHighlighter, highlightCode } from '@lezer/highlight';
import { parser } from '@lezer/python';

/** A piece of text and its CSS classes, such as `tok-keyword`. Plain text has ''. */
export type Piece = readonly [text: string, classes: string];

export function highlightPython(source: string): Piece[][] {
  const lines: Piece[][] = [[]];
  highlightCode(
    source,
    parser.parse(source),
    classHighlighter,
    (text, classes) => lines.at(-1)?.push([text, classes]),
    () => lines.push([]),
  );
  return lines;
}
