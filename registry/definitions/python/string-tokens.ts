/**
 * Reads strings. An f- or t-string is read in pieces, with the brackets in it (tok_get_fstring_mode of
 * Parser/lexer/lexer.c; PEP 701, 750).
 */

import { Layout } from './layout.ts';

const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const MAX_BRACKETS = 200;
const MAX_FORMATS = 150;
/** How deep replacement fields may be nested in format specifications. */
const MAX_FIELDS = 3;

/** An f- or t-string that has begun and not ended. */
export interface Format {
  readonly from: number;
  readonly quote: string;
  readonly raw: boolean;
  readonly kind: 'f' | 't';
  /** How many brackets are open inside the string. */
  depth: number;
  /** For each open replacement field, how many brackets were open before the field. */
  readonly fields: number[];
  /** The offset at which the expression of the innermost field begins. */
  expression: number;
  /** Whether the tokenizer is reading text, and not an expression. */
  literal: boolean;
  inSpec: boolean;
}

export class StringTokens extends Layout {
  protected readonly formats: Format[] = [];

  protected open(sign: string, format: Format | undefined): void {
    if (this.brackets.length >= MAX_BRACKETS) this.fail(this.at, 'too many nested parentheses');
    this.brackets.push({ sign, at: this.at });
    if (format) format.depth++;
    this.take(sign);
  }

  protected close(sign: string, format: Format | undefined): void {
    const from = this.at;
    const open = this.brackets.at(-1);
    const kind = format ? `${format.kind}-string: ` : '';
    if (format && format.depth === 0) this.fail(from, `${kind}unmatched '${sign}'`);
    else if (!open) this.fail(from, `unmatched '${sign}'`);
    else if (CLOSING[open.sign] !== sign) {
      const inField = format && open.sign === '{' && format.fields.at(-1) === format.depth - 1;
      const mismatch = `closing parenthesis '${sign}' does not match opening parenthesis '${open.sign}'`;
      this.fail(from, inField ? `${kind}unmatched '${sign}'` : mismatch);
    }
    this.take(sign);
    if (!open || (format && format.depth === 0)) return;
    this.brackets.pop();
    if (!format) return;
    format.depth--;
    if (format.fields.at(-1) !== format.depth) return;
    if (!format.inSpec) this.endExpression(format);
    format.fields.pop();
    format.literal = true;
    format.inSpec = format.fields.length > 0;
  }

  /** Reads the string that begins at `from`. `at` is on the quote, after the prefix. */
  protected string(from: number): void {
    const text = this.text;
    const mark = text[this.at] as string;
    const quote = text.startsWith(mark.repeat(3), this.at) ? mark.repeat(3) : mark;
    const prefix = text.slice(from, this.at).toLowerCase();
    this.at += quote.length;
    const kind = prefix.includes('f') ? 'f' : prefix.includes('t') ? 't' : null;
    if (kind === null) {
      this.#plain(from, quote);
      return;
    }
    if (this.formats.length >= MAX_FORMATS)
      this.fail(from, 'too many nested f-strings or t-strings');
    if (kind === 't')
      this.features.push({ from, to: this.at, minor: 14, what: 'A template string' });
    this.push('fstart', from, this.at);
    const raw = prefix.includes('r');
    this.formats.push({
      from,
      quote,
      raw,
      kind,
      depth: 0,
      fields: [],
      expression: 0,
      literal: true,
      inSpec: false,
    });
  }

  /** Skips the rest of a plain string. */
  #plain(from: number, quote: string): void {
    const text = this.text;
    const mark = quote[0];
    for (; this.at < text.length; this.at++) {
      const letter = text[this.at];
      if (letter === '\\') this.at += text.startsWith('\r\n', this.at + 1) ? 2 : 1;
      else if (letter === mark && (quote.length === 1 || text.startsWith(quote, this.at))) {
        this.at += quote.length;
        this.push('string', from, this.at);
        return;
      } else if (quote.length === 1 && (letter === '\n' || letter === '\r')) break;
    }
    this.at = Math.min(this.at, text.length);
    this.fail(
      from,
      `unterminated ${quote.length === 3 ? 'triple-quoted ' : ''}string literal`,
      this.at,
    );
    this.push('string', from, this.at);
  }

  /** Skips the text of an f- or t-string, or of a format specification in it, up to the next field or the end. */
  protected middle(format: Format): void {
    const text = this.text;
    const { quote } = format;
    const from = this.at;
    const isShort = quote.length === 1;
    for (; this.at < text.length; this.at++) {
      const letter = text[this.at];
      if (letter === '{') {
        if (format.inSpec || text[this.at + 1] !== '{') {
          this.#field(format, from);
          return;
        }
        this.at++;
      } else if (letter === '}') {
        if (format.inSpec) {
          this.push('fmiddle', from, this.at);
          format.literal = false;
          return;
        }
        if (text[this.at + 1] === '}') this.at++;
        else this.fail(this.at, `${format.kind}-string: single '}' is not allowed`);
      } else if (letter === '\\') this.#escape(format);
      else if (letter === quote[0] && (isShort || text.startsWith(quote, this.at))) {
        this.push('fmiddle', from, this.at);
        this.#endFormat(format);
        return;
      } else if (isShort && (letter === '\n' || letter === '\r')) break;
    }
    this.push('fmiddle', from, this.at);
    if (format.inSpec && this.at < text.length)
      this.fail(this.at, `${format.kind}-string: newlines are not allowed in format specifiers`);
    if (this.at < text.length) this.#endFormat(format, false);
  }

  /** Skips an escape. `at` is first on the backslash, and afterwards on the last character of the escape. */
  #escape(format: Format): void {
    const next = this.text[this.at + 1];
    if (next === '{' || next === '}') return;
    if (next === 'N' && !format.raw && this.text[this.at + 2] === '{') {
      const name = /[^{}"'\r\n]*\}/y;
      name.lastIndex = this.at + 3;
      this.at += 2 + (name.exec(this.text)?.[0].length ?? 0);
    } else this.at += this.text.startsWith('\r\n', this.at + 1) ? 2 : 1;
  }

  #field(format: Format, from: number): void {
    if (this.at > from) this.push('fmiddle', from, this.at);
    if (format.fields.length >= MAX_FIELDS)
      this.fail(this.at, `${format.kind}-string: expressions nested too deeply`);
    format.fields.push(format.depth);
    format.literal = false;
    format.inSpec = false;
    this.open('{', format);
    format.expression = this.at;
  }

  /**
   * Ends the expression of a field. Before Python 3.12 the expression was plain text within the string, so it could not
   * contain the quotes of the string.
   */
  protected endExpression(format: Format): void {
    const from = format.expression;
    if (from === 0) return;
    format.expression = 0;
    const inner = this.text.slice(from, this.at);
    const outer = this.formats.some(({ quote }) => inner.includes(quote));
    if (outer || inner.includes('\\') || (format.quote.length === 1 && /[\r\n]/.test(inner)))
      this.newInFormat(from);
  }

  protected newInFormat(from: number): void {
    const what =
      'A backslash, comment, line end or the quote of the f-string within a field of the f-string';
    this.features.push({ from, to: this.at, minor: 12, what });
  }

  #endFormat(format: Format, whole = true): void {
    const { from, quote } = format;
    if (!whole)
      this.fail(
        from,
        `unterminated ${quote.length === 3 ? 'triple-quoted ' : ''}${format.kind}-string literal`,
        from + 2,
      );
    else if (format.fields.length > 0) this.fail(this.at, `${format.kind}-string: expecting '}'`);
    const end = whole ? this.at + quote.length : this.at;
    this.push('fend', this.at, end);
    this.at = end;
    this.formats.pop();
    // Brackets that fields of the string left open are closed with the string.
    this.brackets.length -= Math.min(format.depth, this.brackets.length);
  }

  protected endFormats(): void {
    for (const format of this.formats.toReversed()) {
      if (format.literal) this.#endFormat(format, false);
    }
  }
}
