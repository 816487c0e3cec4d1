/** Reads the patterns after `case` (PEP 634): `patterns` and `subject_expr` of Grammar/python.gram. */

import type { Growing } from './cursor.ts';
import { Expressions } from './expressions.ts';
import { BITWISE_OR } from './operators.ts';

export class Patterns extends Expressions {
  /** Reads one pattern, or a sequence without brackets. */
  protected openPattern(parts: Growing[]): void {
    for (;;) {
      parts.push(this.#element());
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
      if (this.is(':') || this.is('if')) return;
    }
    if (parts.length === 2 && parts[1]?.type === 'StarPattern')
      this.fail('invalid syntax', parts[1]);
  }

  #element(): Growing {
    if (!this.is('*')) return this.#pattern();
    const sign = this.leaf('*');
    const name = this.around('CapturePattern', [this.name('invalid syntax')]);
    return this.around('StarPattern', [sign, name]);
  }

  #pattern(): Growing {
    return this.deeper(() => {
      const pattern = this.#either();
      if (!this.is('as')) return pattern;
      const parts = [pattern, this.leaf('as')];
      if (this.word === '_') this.fail("cannot use '_' as a target");
      parts.push(this.name('invalid pattern target'));
      if (/^[.(=]$/.test(this.type)) this.fail('invalid pattern target');
      return this.around('AsPattern', parts);
    });
  }

  #either(): Growing {
    const parts = [this.#closed()];
    while (this.is('|')) parts.push(this.leaf('LogicOp'), this.#closed());
    return parts.length === 1 ? (parts[0] as Growing) : this.around('OrPattern', parts);
  }

  #closed(): Growing {
    switch (this.type) {
      case 'number':
      case '-':
      case 'string':
      case 'None':
      case 'True':
      case 'False':
        return this.#literal();
      case 'fstart':
        return this.fail('patterns may only match literals and attribute lookups');
      case 'name':
        return this.#named();
      case '(':
        return this.#sequence(')');
      case '[':
        return this.#sequence(']');
      case '{':
        return this.#mapping();
      default:
        return this.fail('invalid syntax');
    }
  }

  #literal(): Growing {
    const parts: Growing[] = [];
    if (this.is('string')) {
      const string = this.strings();
      if (string.children.some(({ type }) => type === 'FormatString'))
        this.fail('patterns may only match literals and attribute lookups', string);
      parts.push(string);
    } else if (this.is('None')) parts.push(this.leaf('None'));
    else if (this.is('True') || this.is('False')) parts.push(this.leaf('Boolean'));
    else {
      if (this.is('-')) parts.push(this.leaf('ArithOp'));
      parts.push(this.#number(false));
      if (this.is('+') || this.is('-')) parts.push(this.leaf('ArithOp'), this.#number(true));
    }
    return this.around('LiteralPattern', parts);
  }

  /** Reads a part of a number such as `1 + 2j`: the real or the imaginary part. */
  #number(imaginary: boolean): Growing {
    if (!this.is('number')) this.fail('invalid syntax');
    const isImaginary = /[jJ]$/.test(this.word);
    if (imaginary && !isImaginary) this.fail('imaginary number required in complex literal');
    if (!imaginary && isImaginary && /^[+-]$/.test(this.next))
      this.fail('real number required in complex literal');
    return this.leaf('Number');
  }

  #named(): Growing {
    const first = this.leaf('VariableName');
    const parts = [first];
    while (this.is('.')) {
      parts.push(this.leaf('.'));
      if (!this.is('name')) this.fail('invalid syntax');
      parts.push(this.leaf('PropertyName'));
    }
    const name = parts.length === 1 ? first : this.around('AttributePattern', parts);
    if (this.is('(')) return this.around('ClassPattern', [name, this.#arguments()]);
    if (this.is('=')) this.fail('invalid syntax');
    return parts.length === 1 ? this.around('CapturePattern', [first]) : name;
  }

  #arguments(): Growing {
    const parts = [this.leaf('(')];
    let named = false;
    while (!this.is(')')) {
      if (this.is('name') && this.next === '=') {
        named = true;
        const name = this.leaf('VariableName');
        this.expect('=');
        parts.push(this.around('KeywordPattern', [name, this.#pattern()]));
      } else {
        if (named) this.fail('positional patterns follow keyword patterns');
        parts.push(this.#pattern());
      }
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
    }
    parts.push(this.expect(')', 'invalid syntax'));
    return this.around('PatternArgList', parts);
  }

  #sequence(closing: ')' | ']'): Growing {
    const parts = [this.leaf(this.type)];
    while (!this.is(closing)) {
      parts.push(this.#element());
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
    }
    if (closing === ')' && parts.length === 2 && parts[1]?.type === 'StarPattern')
      this.fail('invalid syntax', parts[1]);
    parts.push(this.expect(closing, 'invalid syntax'));
    return this.around('SequencePattern', parts);
  }

  #mapping(): Growing {
    const parts = [this.leaf('{')];
    let rest = false;
    while (!this.is('}')) {
      if (rest)
        this.fail('double star pattern must be the last (right-most) subpattern in the mapping');
      if (this.is('**')) {
        rest = true;
        parts.push(this.leaf('**'));
        if (this.word === '_') this.fail('invalid syntax');
        parts.push(this.around('CapturePattern', [this.name('invalid syntax')]));
      } else {
        const key = this.#closed();
        if (key.type !== 'LiteralPattern' && key.type !== 'AttributePattern')
          this.fail('mapping pattern keys may only match literals and attribute lookups', key);
        parts.push(key, this.expect(':'), this.#pattern());
      }
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
    }
    parts.push(this.expect('}', 'invalid syntax'));
    return this.around('MappingPattern', parts);
  }

  /** Reads CPython's `subject_expr` and adds its nodes to `parts`. */
  protected subject(parts: Growing[]): void {
    const begun = parts.length;
    for (;;) {
      if (this.is('*')) parts.push(this.leaf('*'), this.binary(BITWISE_OR));
      else parts.push(this.named());
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
      if (this.is(':')) return;
    }
    if (parts.length === begun + 2 && parts[begun]?.type === '*')
      this.fail('invalid syntax', parts[begun]);
  }
}
