/** Finds the lines of a statement. */
import { type Node, textOf } from '../syntax.ts';

/** Counts lines. Offsets must be asked for in increasing order, so that a whole module takes one pass. */
export class LineCounter {
  readonly #text: string;
  #offset = 0;
  #line = 1;
  constructor(text: string) {
    this.#text = text;
  }
  at(offset: number): number {
    for (; this.#offset < offset; this.#offset++) {
      if (this.#text[this.#offset] === '\n') this.#line++;
    }
    return this.#line;
  }
}

/**
 * The end of a statement's last line, including a comment in that line and indented comments below. These comments
 * belong to the statement's body, although the grammar does not include them.
 */
export function statementEnd(text: string, node: Node): number {
  const code = node.from + textOf(node, text).trimEnd().length;
  let end = lineEnd(text, code);
  for (let at = end; at < text.length; ) {
    const next = lineEnd(text, at);
    const line = text.slice(at, next);
    if (/^[ \t]+#/.test(line)) end = next;
    else if (line.trim() !== '') break;
    at = next;
  }
  return end;
}

function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}
