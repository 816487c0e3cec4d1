/**
 * Splits a text into tokens as CPython's tokenizer does (Parser/lexer/lexer.c): indentation with tab stops of 8 and of
 * 1, form feeds, continuation lines, f-strings and t-strings in pieces (PEP 701, 750). The tokenizer never stops: after
 * the first error it continues as well as it can.
 */

import { scanNumber } from './numbers.ts';
import { type Format, StringTokens } from './string-tokens.ts';
import type { Tokens } from './token-list.ts';

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
const WORD = /[A-Za-z0-9_\u0080-\uffff]+/y;
const PREFIX = /^(?:[burft]|br|rb|fr|rf|tr|rt)$/i;

export function tokenize(text: string): Tokens {
  const tokenizer = new Tokenizer(text);
  tokenizer.run();
  return tokenizer;
}

class Tokenizer extends StringTokens {
  run(): void {
    const text = this.text;
    const nul = text.indexOf('\0');
    if (nul >= 0) this.fail(nul, 'source code cannot contain null bytes');
    if (text.charCodeAt(0) === 0xfeff) this.at = 1;
    this.beginLine();
    while (this.at < text.length) {
      const format = this.formats.at(-1);
      if (format?.literal) this.middle(format);
      else this.#next(format);
    }
    if (this.formats.length > 0) this.endFormats();
    if (this.types.length > 0 && this.types.at(-1) !== 'newline')
      this.push('newline', text.length, text.length);
    this.dedentAll();
    this.push('end', text.length, text.length);
  }

  #next(format: Format | undefined): void {
    const text = this.text;
    const from = this.at;
    const letter = text[from] as string;
    if (letter === ' ' || letter === '\t' || letter === '\f') this.at++;
    else if (letter === '\n' || letter === '\r') this.endLine();
    else if (letter === '#') {
      this.at = lineEnd(text, from);
      if (format) this.newInFormat(from);
    } else if (letter === '\\') this.continue();
    else if (letter === '"' || letter === "'") this.string(from);
    else if (
      (letter >= '0' && letter <= '9') ||
      (letter === '.' && /[0-9]/.test(text[from + 1] ?? ''))
    )
      this.#number();
    else if (/[A-Za-z_\u0080-\uffff]/.test(letter)) this.#word();
    else this.#operator(format);
  }

  #number(): void {
    const { to, message } = scanNumber(this.text, this.at);
    if (message !== null) this.fail(to, message);
    this.push('number', this.at, to);
    this.at = to;
  }

  #word(): void {
    const from = this.at;
    WORD.lastIndex = from;
    const word = WORD.exec(this.text)?.[0] as string;
    this.at += word.length;
    const next = this.text[this.at];
    if ((next === '"' || next === "'") && word.length < 3 && PREFIX.test(word)) {
      this.string(from);
      return;
    }
    if (!/^\w+$/.test(word)) this.#checkLetters(word, from);
    this.push(KEYWORDS.get(word) ?? 'name', from, this.at);
  }

  #checkLetters(word: string, from: number): void {
    let at = from;
    for (const letter of word) {
      const fits = at === from ? /[_\p{XID_Start}]/u : /\p{XID_Continue}/u;
      if (!fits.test(letter)) {
        const code = (letter.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
        const printable = !/[\p{C}\p{Z}]/u.test(letter);
        this.fail(
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
    const text = this.text;
    const from = this.at;
    const [one, two] = [text[from] as string, text.slice(from, from + 2)];
    const field = format?.fields.at(-1);
    const ends = format !== undefined && field === format.depth - 1;
    if (ends && one === ':') {
      this.endExpression(format);
      this.take(':');
      format.literal = true;
      format.inSpec = true;
      return;
    }
    if (ends && one === '!' && two !== '!=') this.endExpression(format);
    const sign =
      OPERATORS.get(text.slice(from, from + 3)) ?? OPERATORS.get(two) ?? OPERATORS.get(one);
    if (sign === undefined) {
      const code = one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      this.fail(from, `invalid non-printable character U+${code}`);
      this.at++;
    } else if (sign === '(' || sign === '[' || sign === '{') this.open(sign, format);
    else if (sign === ')' || sign === ']' || sign === '}') this.close(sign, format);
    else this.take(sign);
  }
}

function lineEnd(text: string, from: number): number {
  const end = /[\r\n]/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}
