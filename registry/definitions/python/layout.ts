/**
 * Reads lines, continuation lines and indentation, with tab stops of 8 and of 1 (tok_get_normal_mode of
 * Parser/lexer/lexer.c).
 */

import { TokenList } from './token-list.ts';

const MAX_INDENTS = 100;

export class Layout extends TokenList {
  /** The columns of the open blocks, counted in two ways: tabs go to multiples of 8, and tabs are 1 wide. */
  readonly #indents: [wide: number, narrow: number][] = [[0, 0]];

  protected endLine(): void {
    const from = this.at;
    this.at += this.text.startsWith('\r\n', from) ? 2 : 1;
    if (this.brackets.length > 0) return;
    if (this.types.length > 0 && this.types.at(-1) !== 'newline')
      this.push('newline', from, this.at);
    this.beginLine();
  }

  /** Skips a backslash and the line end after the backslash. Returns false if no line end follows. */
  protected continue(): boolean {
    const from = this.at++;
    const end = /\r\n|[\r\n]/y;
    end.lastIndex = this.at;
    const found = end.exec(this.text);
    if (!found) {
      const message =
        this.at >= this.text.length
          ? 'unexpected EOF while parsing'
          : 'unexpected character after line continuation character';
      this.failLate(from, message);
      return false;
    }
    this.at += found[0].length;
    if (this.at >= this.text.length) this.failLate(from, 'unexpected EOF while parsing');
    return true;
  }

  protected beginLine(): void {
    let [wide, narrow, split] = [0, 0, 0];
    for (; ; this.at++) {
      const letter = this.text[this.at];
      if (letter === ' ') [wide, narrow] = [wide + 1, narrow + 1];
      else if (letter === '\t') [wide, narrow] = [wide + 8 - (wide % 8), narrow + 1];
      else if (letter === '\f') [wide, narrow] = [0, 0];
      else if (letter === '\\') {
        // If the first of several joined lines is indented, the indentation of that line counts.
        split ||= wide;
        if (!this.continue()) break;
        this.at--;
      } else break;
    }
    if (/[#\r\n]/.test(this.text[this.at] ?? '\n')) return;
    this.#indent(split || wide, split || narrow);
  }

  #indent(wide: number, narrow: number): void {
    let [outer, outerNarrow] = this.#indents.at(-1) as [number, number];
    if (wide > outer) {
      if (narrow <= outerNarrow) this.#mixed();
      if (this.#indents.length >= MAX_INDENTS)
        this.failLate(this.at, 'too many levels of indentation');
      this.#indents.push([wide, narrow]);
      this.push('indent', this.at, this.at);
      return;
    }
    while (wide < outer) {
      this.#dedent(this.at);
      [outer, outerNarrow] = this.#indents.at(-1) as [number, number];
    }
    if (wide !== outer)
      this.failLate(this.at, 'unindent does not match any outer indentation level');
    else if (narrow !== outerNarrow) this.#mixed();
  }

  #dedent(at: number): void {
    this.#indents.pop();
    this.push('dedent', at, at);
  }

  #mixed(): void {
    this.failLate(this.at, 'inconsistent use of tabs and spaces in indentation');
  }

  /** Closes all blocks at the end of the text. */
  protected dedentAll(): void {
    while (this.#indents.length > 1) this.#dedent(this.text.length);
  }
}
