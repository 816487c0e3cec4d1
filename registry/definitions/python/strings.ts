/**
 * Reads strings, and the fields of f- and t-strings: `strings`, `fstring`, `tstring`, `fstring_replacement_field` of
 * Grammar/python.gram.
 */

import { Cursor, type Growing } from './cursor.ts';
import { literalFault } from './escapes.ts';
import type { Node } from './node.ts';

export abstract class Strings extends Cursor {
  protected abstract assignedValue(list: Growing[]): void;

  /** Reads one string, or several adjacent strings. */
  protected strings(): Growing {
    const pieces: Growing[] = [];
    while (this.is('string') || this.is('fstart'))
      pieces.push(this.is('string') ? this.#plain() : this.deeper(() => this.#format()));
    this.#checkKinds(pieces);
    return pieces.length === 1 ? (pieces[0] as Growing) : this.around('ContinuedString', pieces);
  }

  #plain(): Growing {
    const node = this.leaf('String');
    const prefix = /[a-zA-Z]*/y;
    prefix.lastIndex = node.from;
    const kind = prefix.exec(this.text)?.[0].toLowerCase() ?? '';
    this.#checkText(node, { raw: kind.includes('r'), bytes: kind.includes('b') });
    return node;
  }

  #checkText(node: Node, kind: { raw: boolean; bytes: boolean }): void {
    const message = literalFault(this.text, node.from, node.to, kind);
    if (message !== null) this.fail(message, node);
  }

  #checkKinds(pieces: readonly Growing[]): void {
    if (pieces.length === 1) return;
    const kinds = new Set(
      pieces.map(({ from }) => {
        const prefix = /[btBT]?[rR]?[btBT]?/y;
        prefix.lastIndex = from;
        return prefix.exec(this.text)?.[0].toLowerCase().replace('r', '') ?? '';
      }),
    );
    if (kinds.size === 1) return;
    const message = kinds.has('t')
      ? 'cannot mix t-string literals with string or bytes literals'
      : 'cannot mix bytes and nonbytes literals';
    this.fail(message, pieces[0]);
  }

  #format(): Growing {
    const { from } = this;
    const raw = /r/i.test(this.word);
    this.at++;
    const fields: Growing[] = [];
    this.#pieces(fields, 'fend', raw);
    this.at++;
    return this.spanning('FormatString', from, fields);
  }

  protected spanning(type: string, from: number, children: Growing[]): Growing {
    const { end } = this;
    return this.node(type, from, end, children);
  }

  #pieces(fields: Growing[], closing: string, raw: boolean): void {
    while (!this.is(closing)) {
      if (this.is('fmiddle')) this.#checkText(this.leaf('text'), { raw, bytes: false });
      else if (this.is('{')) fields.push(this.#field(raw));
      else this.fail("expecting '}'");
    }
  }

  #field(raw: boolean): Growing {
    const parts = [this.leaf('{')];
    if (/^(?:[}=!:]|:=|!=)$/.test(this.type))
      this.fail(`valid expression required before '${this.type}'`);
    this.assignedValue(parts);
    if (this.is('=')) {
      this.since(8, 'An f-string field that shows its expression', this.from);
      parts.push(this.leaf('FormatSelfDoc'));
    }
    if (this.is('!')) parts.push(this.#conversion());
    if (this.is(':')) {
      const { from } = this;
      const inner = [this.leaf(':')];
      this.#pieces(inner, '}', raw);
      parts.push(this.spanning('FormatSpec', from, inner));
    }
    parts.push(this.expect('}', "expecting '=', or '!', or ':', or '}'"));
    return this.around('FormatReplacement', parts);
  }

  #conversion(): Growing {
    const { from } = this;
    this.at++;
    if (!this.is('name')) this.fail('missing conversion character');
    if (this.from !== from + 1)
      this.fail('conversion type must come right after the exclamation mark');
    if (!/^[sra]$/.test(this.word))
      this.fail(`invalid conversion character '${this.word}': expected 's', 'r', or 'a'`);
    this.at++;
    return this.spanning('FormatConversion', from, []);
  }
}
