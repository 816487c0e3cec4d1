/**
 * Python's tokens as CPython's tokenizer (Parser/lexer/lexer.c) finds them: indentation by columns of
 * 8 and of 1, form feeds, continuation lines, f-strings and t-strings in pieces (PEP 701, 750). It never
 * stops: after the first fault it goes on as well as it can.
 */

import type { Fault, Feature, TokenFault } from './faults.ts';
import { scanNumber } from './numbers.ts';

/**
 * Tokens side by side. `types` has operators and keywords as they are written, and for the rest `name`,
 * `number`, `string`, `newline`, `indent`, `dedent`, `end`; an f- or t-string is `fstart`, then `fmiddle`
 * and the tokens of its replacement fields, then `fend`.
 */
export interface Tokens {
  readonly types: readonly string[];
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly fault: TokenFault | null;
  readonly features: Feature[];
  /** The bracket that is open at the end of the text. */
  readonly unclosed: Fault | null;
}

const KEYWORDS = new Map(
  `False None True and as assert async await break class continue def del elif else except finally for from
   global if import in is lambda nonlocal not or pass raise return try while with yield`
    .split(/\s+/)
    .map((word) => [word, word]),
);
const OPERATORS = new Map(
  `**= //= >>= <<= ... != -> := == <= >= <> += -= *= /= |= &= ^= @= %= ** // << >>
   ( ) [ ] { } , : ; . = + - * / % @ & | ^ ~ < > ! $ ? \``
    .split(/\s+/)
    .map((sign) => [sign, sign]),
);
const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const WORD = /[A-Za-z0-9_\u0080-\uffff]+/y;
const PREFIX = /^(?:[burft]|br|rb|fr|rf|tr|rt)$/i;
const MAX_BRACKETS = 200;
const MAX_INDENTS = 100;
const MAX_FORMATS = 150;
/** A replacement field in the format of another, and so on. */
const MAX_FIELDS = 3;

/** An f- or t-string that has begun. */
interface Format {
  readonly from: number;
  readonly quote: string;
  readonly raw: boolean;
  readonly kind: 'f' | 't';
  /** Brackets that are open in it. */
  depth: number;
  /** For each of its replacement fields that is open: how many brackets were open before it. */
  readonly fields: number[];
  /** Where the expression of the innermost field begins. */
  expression: number;
  /** Text is read, not an expression. */
  literal: boolean;
  inSpec: boolean;
}

export function tokenize(text: string): Tokens {
  const tokenizer = new Tokenizer(text);
  tokenizer.run();
  return tokenizer;
}

class Tokenizer implements Tokens {
  readonly types: string[] = [];
  readonly from: number[] = [];
  readonly to: number[] = [];
  readonly features: Feature[] = [];
  fault: TokenFault | null = null;
  readonly #text: string;
  #at = 0;
  /** Columns of the open blocks, with tabs to multiples of 8, and counted as 1. */
  readonly #indents: [wide: number, narrow: number][] = [[0, 0]];
  readonly #brackets: { sign: string; at: number }[] = [];
  readonly #formats: Format[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  get unclosed(): Fault | null {
    const last = this.#brackets.at(-1);
    return last
      ? { from: last.at, to: last.at + 1, message: `'${last.sign}' was never closed` }
      : null;
  }

  run(): void {
    const text = this.#text;
    const nul = text.indexOf('\0');
    if (nul >= 0) this.#fail(nul, 'source code cannot contain null bytes');
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
    this.#beginLine();
    while (this.#at < text.length) {
      const format = this.#formats.at(-1);
      if (format?.literal) this.#middle(format);
      else this.#next(format);
    }
    if (this.#formats.length > 0) this.#endFormats();
    if (this.types.length > 0 && this.types.at(-1) !== 'newline')
      this.#push('newline', text.length, text.length);
    while (this.#indents.length > 1) this.#dedent(text.length);
    this.#push('end', text.length, text.length);
  }

  #push(type: string, from: number, to: number): void {
    this.types.push(type);
    this.from.push(from);
    this.to.push(to);
  }

  #fail(from: number, message: string, to = from + 1): void {
    this.fault ??= { from, to, message, late: false };
  }

  #failLate(from: number, message: string): void {
    this.fault ??= { from, to: from + 1, message, late: true };
  }

  #next(format: Format | undefined): void {
    const text = this.#text;
    const from = this.#at;
    const letter = text[from] as string;
    if (letter === ' ' || letter === '\t' || letter === '\f') this.#at++;
    else if (letter === '\n' || letter === '\r') this.#endLine();
    else if (letter === '#') {
      this.#at = lineEnd(text, from);
      if (format) this.#newInFormat(from);
    } else if (letter === '\\') this.#continue();
    else if (letter === '"' || letter === "'") this.#string(from);
    else if (
      (letter >= '0' && letter <= '9') ||
      (letter === '.' && /[0-9]/.test(text[from + 1] ?? ''))
    )
      this.#number();
    else if (/[A-Za-z_\u0080-\uffff]/.test(letter)) this.#word();
    else this.#operator(format);
  }

  #endLine(): void {
    const from = this.#at;
    this.#at += this.#text.startsWith('\r\n', from) ? 2 : 1;
    if (this.#brackets.length > 0) return;
    if (this.types.length > 0 && this.types.at(-1) !== 'newline')
      this.#push('newline', from, this.#at);
    this.#beginLine();
  }

  /** Past a backslash and the line end that it hides; whether there is one. */
  #continue(): boolean {
    const from = this.#at++;
    const end = /\r\n|[\r\n]/y;
    end.lastIndex = this.#at;
    const found = end.exec(this.#text);
    if (!found) {
      const message =
        this.#at >= this.#text.length
          ? 'unexpected EOF while parsing'
          : 'unexpected character after line continuation character';
      this.#failLate(from, message);
      return false;
    }
    this.#at += found[0].length;
    if (this.#at >= this.#text.length) this.#failLate(from, 'unexpected EOF while parsing');
    return true;
  }

  #beginLine(): void {
    let [wide, narrow, split] = [0, 0, 0];
    for (; ; this.#at++) {
      const letter = this.#text[this.#at];
      if (letter === ' ') [wide, narrow] = [wide + 1, narrow + 1];
      else if (letter === '\t') [wide, narrow] = [wide + 8 - (wide % 8), narrow + 1];
      else if (letter === '\f') [wide, narrow] = [0, 0];
      else if (letter === '\\') {
        // The first line's indentation counts, if it has one.
        split ||= wide;
        if (!this.#continue()) break;
        this.#at--;
      } else break;
    }
    if (/[#\r\n]/.test(this.#text[this.#at] ?? '\n')) return;
    this.#indent(split || wide, split || narrow);
  }

  #indent(wide: number, narrow: number): void {
    let [outer, outerNarrow] = this.#indents.at(-1) as [number, number];
    if (wide > outer) {
      if (narrow <= outerNarrow) this.#mixed();
      if (this.#indents.length >= MAX_INDENTS)
        this.#failLate(this.#at, 'too many levels of indentation');
      this.#indents.push([wide, narrow]);
      this.#push('indent', this.#at, this.#at);
      return;
    }
    while (wide < outer) {
      this.#dedent(this.#at);
      [outer, outerNarrow] = this.#indents.at(-1) as [number, number];
    }
    if (wide !== outer)
      this.#failLate(this.#at, 'unindent does not match any outer indentation level');
    else if (narrow !== outerNarrow) this.#mixed();
  }

  #dedent(at: number): void {
    this.#indents.pop();
    this.#push('dedent', at, at);
  }

  #mixed(): void {
    this.#failLate(this.#at, 'inconsistent use of tabs and spaces in indentation');
  }

  #number(): void {
    const { to, message } = scanNumber(this.#text, this.#at);
    if (message !== null) this.#fail(to, message);
    this.#push('number', this.#at, to);
    this.#at = to;
  }

  #word(): void {
    const from = this.#at;
    WORD.lastIndex = from;
    const word = WORD.exec(this.#text)?.[0] as string;
    this.#at += word.length;
    const next = this.#text[this.#at];
    if ((next === '"' || next === "'") && word.length < 3 && PREFIX.test(word)) {
      this.#string(from);
      return;
    }
    if (!/^\w+$/.test(word)) this.#checkLetters(word, from);
    this.#push(KEYWORDS.get(word) ?? 'name', from, this.#at);
  }

  #checkLetters(word: string, from: number): void {
    let at = from;
    for (const letter of word) {
      const fits = at === from ? /[_\p{XID_Start}]/u : /\p{XID_Continue}/u;
      if (!fits.test(letter)) {
        const code = (letter.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
        const printable = !/[\p{C}\p{Z}]/u.test(letter);
        this.#fail(
          at,
          printable
            ? `invalid character '${letter}' (U+${code})`
            : `invalid non-printable character U+${code}`,
          at + letter.length,
        );
        return;
      }
      at += letter.length;
    }
  }

  #operator(format: Format | undefined): void {
    const text = this.#text;
    const from = this.#at;
    const [one, two] = [text[from] as string, text.slice(from, from + 2)];
    const field = format?.fields.at(-1);
    const ends = format !== undefined && field === format.depth - 1;
    if (ends && one === ':') {
      this.#endExpression(format);
      this.#take(':');
      format.literal = true;
      format.inSpec = true;
      return;
    }
    if (ends && one === '!' && two !== '!=') this.#endExpression(format);
    const sign =
      OPERATORS.get(text.slice(from, from + 3)) ?? OPERATORS.get(two) ?? OPERATORS.get(one);
    if (sign === undefined) {
      const code = one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      this.#fail(from, `invalid non-printable character U+${code}`);
      this.#at++;
    } else if (sign === '(' || sign === '[' || sign === '{') this.#open(sign, format);
    else if (sign === ')' || sign === ']' || sign === '}') this.#close(sign, format);
    else this.#take(sign);
  }

  #take(sign: string): void {
    this.#push(sign, this.#at, this.#at + sign.length);
    this.#at += sign.length;
  }

  #open(sign: string, format: Format | undefined): void {
    if (this.#brackets.length >= MAX_BRACKETS) this.#fail(this.#at, 'too many nested parentheses');
    this.#brackets.push({ sign, at: this.#at });
    if (format) format.depth++;
    this.#take(sign);
  }

  #close(sign: string, format: Format | undefined): void {
    const from = this.#at;
    const open = this.#brackets.at(-1);
    const kind = format ? `${format.kind}-string: ` : '';
    if (format && format.depth === 0) this.#fail(from, `${kind}unmatched '${sign}'`);
    else if (!open) this.#fail(from, `unmatched '${sign}'`);
    else if (CLOSING[open.sign] !== sign) {
      const inField = format && open.sign === '{' && format.fields.at(-1) === format.depth - 1;
      const mismatch = `closing parenthesis '${sign}' does not match opening parenthesis '${open.sign}'`;
      this.#fail(from, inField ? `${kind}unmatched '${sign}'` : mismatch);
    }
    this.#take(sign);
    if (!open || (format && format.depth === 0)) return;
    this.#brackets.pop();
    if (!format) return;
    format.depth--;
    if (format.fields.at(-1) !== format.depth) return;
    if (!format.inSpec) this.#endExpression(format);
    format.fields.pop();
    format.literal = true;
    format.inSpec = format.fields.length > 0;
  }

  /** A string, from its prefix on; `at` stands on its quote. */
  #string(from: number): void {
    const text = this.#text;
    const mark = text[this.#at] as string;
    const quote = text.startsWith(mark.repeat(3), this.#at) ? mark.repeat(3) : mark;
    const prefix = text.slice(from, this.#at).toLowerCase();
    this.#at += quote.length;
    const kind = prefix.includes('f') ? 'f' : prefix.includes('t') ? 't' : null;
    if (kind === null) {
      this.#plain(from, quote);
      return;
    }
    if (this.#formats.length >= MAX_FORMATS)
      this.#fail(from, 'too many nested f-strings or t-strings');
    if (kind === 't')
      this.features.push({ from, to: this.#at, minor: 14, what: 'A template string' });
    this.#push('fstart', from, this.#at);
    const raw = prefix.includes('r');
    this.#formats.push({
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

  /** Over the rest of a plain string. */
  #plain(from: number, quote: string): void {
    const text = this.#text;
    const mark = quote[0];
    for (; this.#at < text.length; this.#at++) {
      const letter = text[this.#at];
      if (letter === '\\') this.#at += text.startsWith('\r\n', this.#at + 1) ? 2 : 1;
      else if (letter === mark && (quote.length === 1 || text.startsWith(quote, this.#at))) {
        this.#at += quote.length;
        this.#push('string', from, this.#at);
        return;
      } else if (quote.length === 1 && (letter === '\n' || letter === '\r')) break;
    }
    this.#at = Math.min(this.#at, text.length);
    this.#fail(
      from,
      `unterminated ${quote.length === 3 ? 'triple-quoted ' : ''}string literal`,
      this.#at,
    );
    this.#push('string', from, this.#at);
  }

  /** Over the text of an f- or t-string, or of a format in it, to its next field or its end. */
  #middle(format: Format): void {
    const text = this.#text;
    const { quote } = format;
    const from = this.#at;
    const isShort = quote.length === 1;
    for (; this.#at < text.length; this.#at++) {
      const letter = text[this.#at];
      if (letter === '{') {
        if (format.inSpec || text[this.#at + 1] !== '{') {
          this.#field(format, from);
          return;
        }
        this.#at++;
      } else if (letter === '}') {
        if (format.inSpec) {
          this.#push('fmiddle', from, this.#at);
          format.literal = false;
          return;
        }
        if (text[this.#at + 1] === '}') this.#at++;
        else this.#fail(this.#at, `${format.kind}-string: single '}' is not allowed`);
      } else if (letter === '\\') this.#escape(format);
      else if (letter === quote[0] && (isShort || text.startsWith(quote, this.#at))) {
        this.#push('fmiddle', from, this.#at);
        this.#endFormat(format);
        return;
      } else if (isShort && (letter === '\n' || letter === '\r')) break;
    }
    this.#push('fmiddle', from, this.#at);
    if (format.inSpec && this.#at < text.length)
      this.#fail(this.#at, `${format.kind}-string: newlines are not allowed in format specifiers`);
    if (this.#at < text.length) this.#endFormat(format, false);
  }

  /** On a backslash; ends on the last letter of what it escapes. */
  #escape(format: Format): void {
    const next = this.#text[this.#at + 1];
    if (next === '{' || next === '}') return;
    if (next === 'N' && !format.raw && this.#text[this.#at + 2] === '{') {
      const name = /[^{}"'\r\n]*\}/y;
      name.lastIndex = this.#at + 3;
      this.#at += 2 + (name.exec(this.#text)?.[0].length ?? 0);
    } else this.#at += this.#text.startsWith('\r\n', this.#at + 1) ? 2 : 1;
  }

  #field(format: Format, from: number): void {
    if (this.#at > from) this.#push('fmiddle', from, this.#at);
    if (format.fields.length >= MAX_FIELDS)
      this.#fail(this.#at, `${format.kind}-string: expressions nested too deeply`);
    format.fields.push(format.depth);
    format.literal = false;
    format.inSpec = false;
    this.#open('{', format);
    format.expression = this.#at;
  }

  /** Before Python 3.12 the expression was text within the string, and had to do without its quotes. */
  #endExpression(format: Format): void {
    const from = format.expression;
    if (from === 0) return;
    format.expression = 0;
    const inner = this.#text.slice(from, this.#at);
    const outer = this.#formats.some(({ quote }) => inner.includes(quote));
    if (outer || inner.includes('\\') || (format.quote.length === 1 && /[\r\n]/.test(inner)))
      this.#newInFormat(from);
  }

  #newInFormat(from: number): void {
    const what = 'A backslash, comment, line end or the same quote within a field of an f-string';
    this.features.push({ from, to: this.#at, minor: 12, what });
  }

  #endFormat(format: Format, whole = true): void {
    const { from, quote } = format;
    if (!whole)
      this.#fail(
        from,
        `unterminated ${quote.length === 3 ? 'triple-quoted ' : ''}${format.kind}-string literal`,
        from + 2,
      );
    else if (format.fields.length > 0) this.#fail(this.#at, `${format.kind}-string: expecting '}'`);
    const end = whole ? this.#at + quote.length : this.#at;
    this.#push('fend', this.#at, end);
    this.#at = end;
    this.#formats.pop();
    // What its fields left open goes with it.
    this.#brackets.length -= Math.min(format.depth, this.#brackets.length);
  }

  #endFormats(): void {
    for (const format of this.#formats.toReversed()) {
      if (format.literal) this.#endFormat(format, false);
    }
  }
}

function lineEnd(text: string, from: number): number {
  const end = /[\r\n]/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}
