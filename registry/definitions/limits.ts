/**
 * Limits on what the parsers read, checked in one pass over the text. Two limits are CPython's: 200 open brackets
 * (MAXLEVEL) and 100 indents (MAXINDENT, both in Parser/lexer/state.h). The others are ours. Some limits exist because
 * ruff's time is quadratic in the length of a statement.
 */

import { DefinitionError } from './errors.ts';
import { positions } from './source.ts';

const MAX_BRACKETS = 200;
const MAX_INDENTS = 100;
/** The most strings in one line. There is a limit because ruff, at each string, searches for the start of the line. */
const MAX_STRINGS_IN_LINE = 2000;
/** The most targets in `a = b = c = …`. */
const MAX_TARGETS = 1000;
/** The most commas in an import or `del`, or in a `def`, `class`, `with` or `global` up to its colon. */
const MAX_LISTED = 1000;
const MAX_TOKENS = 350_000;
/** The most lines of a file: ten times what people write. A large table belongs in a data file. */
const MAX_LINES = 100_000;
const MAX_STATEMENTS = 20_000;

/** A replacement field (`{…}`) of an f- or t-string. */
interface Field {
  readonly quote: string;
  /** Whether the field is inside the format specification of another field. */
  readonly inSpec: boolean;
}

const BLANK = /[ \t\f]+|\\(?:\r\n|[\r\n])|#[^\r\n]*/y;
const LINE_END = /\r\n|[\r\n]/y;
const QUOTE = /([a-z]{0,2})("""|'''|"|')/iy;
const WORD = /\p{ID_Continue}+/uy;
const OPERATOR = /[=!<>:]=|./suy;
const LISTING = /(?:import|from|def|class|async|with|del|global|nonlocal)\b|type[ \t]+\w/y;

const [LF, CR] = [10, 13];

const PLAIN = { short: /\\(?:\r\n|[\s\S])|["'\r\n]/g, long: /\\[\s\S]|"""|'''/g };
const FORMAT = {
  short: /\\N\{[^{}\r\n]*\}|\\(?:\r\n|[^{}])|\{\{?|\}\}?|["'\r\n]/g,
  long: /\\N\{[^{}\r\n]*\}|\\[^{}]|\{\{?|\}\}?|"""|'''/g,
};

/**
 * Checks that a text is within the limits. The text need not be valid Python.
 * @throws DefinitionError `too_deep`
 */
export function checkLimits(text: string): void {
  new Scan(text).run();
}

class Scan {
  readonly #text: string;
  /** The open brackets (null) and replacement fields, outermost first. */
  readonly #open: (Field | null)[] = [];
  #indents: number[] = [];
  #at = 0;
  #tokens = 0;
  #statements = 0;
  #strings = 0;
  #targets = 0;
  #listed = 0;
  #isListing = false;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    this.#countLines();
    this.#beginLine();
    while (this.#at < this.#text.length) {
      const blank = this.#take(BLANK);
      if (blank?.[0].startsWith('\\')) this.#strings = 0;
      if (blank) continue;
      if (this.#take(LINE_END)) {
        this.#strings = 0;
        if (this.#open.length === 0) this.#beginLine();
        continue;
      }
      this.#bound(++this.#tokens, MAX_TOKENS, 'tokens in a file');
      const quoted = this.#take(QUOTE);
      if (quoted) {
        this.#string(quoted);
        continue;
      }
      if (!this.#take(WORD)) this.#operator(this.#take(OPERATOR)?.[0] as string);
    }
  }

  /** Counts all lines, including those inside strings, because code that looks up places reads every line. */
  #countLines(): void {
    let lines = 0;
    for (let at = 0; at < this.#text.length; at++) {
      const letter = this.#text.charCodeAt(at);
      if (letter === LF || (letter === CR && this.#text.charCodeAt(at + 1) !== LF)) {
        if (++lines > MAX_LINES) this.#at = at + 1;
        this.#bound(lines, MAX_LINES, 'lines in a file');
      }
    }
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at += found[0].length;
    return found;
  }

  #bound(count: number, most: number, what: string): void {
    if (count <= most) return;
    const span = positions(this.#text).span(this.#at - 1, this.#at);
    const message = `More than ${most} ${what}`;
    throw new DefinitionError('too_deep', [{ ...span, code: 'too-deep', message }]);
  }

  #beginLine(): void {
    const begun = this.#at;
    let width = 0;
    for (; ; this.#at++) {
      const letter = this.#text[this.#at];
      if (letter === ' ') width++;
      else if (letter === '\t') width += 8 - (width % 8);
      else if (letter === '\f') width = 0;
      else break;
    }
    if (/[#\r\n\\]/.test(this.#text[this.#at] ?? '\n')) return;
    if (begun !== this.#at || this.#indents.length > 0) this.#indent(width);
    this.#beginStatement();
  }

  #indent(width: number): void {
    const outer = this.#indents.findLastIndex((one) => one <= width);
    this.#indents.length = outer + 1;
    if (width > (this.#indents.at(-1) ?? 0)) this.#indents.push(width);
    this.#bound(this.#indents.length, MAX_INDENTS, 'levels of indentation');
  }

  #beginStatement(): void {
    this.#bound(++this.#statements, MAX_STATEMENTS, 'statements in a file');
    this.#targets = 0;
    this.#listed = 0;
    while (this.#text[this.#at] === ' ') this.#at++;
    LISTING.lastIndex = this.#at;
    this.#isListing = LISTING.test(this.#text);
  }

  #operator(sign: string): void {
    const inner = this.#open.at(-1);
    if ('([{'.includes(sign)) this.#push(null);
    else if (sign === '}' && inner) {
      this.#open.pop();
      this.#format(inner, inner.inSpec);
    } else if (')]}'.includes(sign)) {
      if (!inner) this.#open.pop();
    } else if (inner && sign[0] === ':') {
      this.#at += 1 - sign.length;
      this.#format(inner, true);
    } else if (sign === ',' && this.#isListing)
      this.#bound(++this.#listed, MAX_LISTED, 'entries in one statement');
    else if (inner === undefined) this.#outside(sign);
  }

  /** Handles an operator outside brackets. */
  #outside(sign: string): void {
    if (sign === '=') this.#bound(++this.#targets, MAX_TARGETS, 'targets of one value');
    else if (sign === ';') this.#beginStatement();
    else if (sign === ':') this.#isListing = false;
  }

  #push(field: Field | null): void {
    this.#open.push(field);
    this.#bound(this.#open.length, MAX_BRACKETS, 'brackets nested');
  }

  #string([, prefix = '', quote = '']: RegExpExecArray): void {
    this.#bound(++this.#strings, MAX_STRINGS_IN_LINE, 'strings in one line');
    if (/[ft]/i.test(prefix)) this.#format({ quote, inSpec: false }, false);
    else this.#plain(quote);
  }

  /** Skips the rest of a plain string. */
  #plain(quote: string): void {
    const marks = quote.length === 3 ? PLAIN.long : PLAIN.short;
    for (let mark = this.#next(marks); mark !== null; mark = this.#next(marks)) {
      if (mark === quote) return;
      if (mark !== '\n' && mark !== '\r') continue;
      // The line end terminates the string. The tokenizer then reads the same line end as the end of the statement.
      this.#at--;
      return;
    }
  }

  /** Skips the text of an f- or t-string, or of a format specification in it, up to the next field or the end. */
  #format({ quote }: Field, within: boolean): void {
    const marks = quote.length === 3 ? FORMAT.long : FORMAT.short;
    let inSpec = within;
    for (let mark = this.#next(marks); mark !== null; mark = this.#next(marks)) {
      if (inSpec && (mark === '{{' || mark === '}}')) {
        this.#at--;
        mark = mark[0] as string;
      }
      if (mark === '{') {
        this.#push({ quote, inSpec });
        return;
      }
      if (mark === '}' && inSpec) inSpec = this.#open.pop()?.inSpec ?? false;
      if (mark === quote || mark === '\n' || mark === '\r') {
        if (inSpec) this.#open.pop();
        if (mark !== quote) this.#at--;
        return;
      }
    }
  }

  /** Moves behind the next match of `marks`, or to the end of the text. */
  #next(marks: RegExp): string | null {
    marks.lastIndex = this.#at;
    const found = marks.exec(this.#text);
    this.#at = found ? marks.lastIndex : this.#text.length;
    return found?.[0] ?? null;
  }
}
