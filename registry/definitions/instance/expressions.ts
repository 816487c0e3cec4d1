/** Evaluates expressions as Python would while it creates an instance. */

import { numberValue, stringValue, unescaped } from '../literals.ts';
import { type Node, nameOf, textOf } from '../syntax.ts';
import { binary, unary } from './arithmetic.ts';
import { closure } from './closures.ts';
import { dictOf, itemOf, sequenceOf } from './collections.ts';
import type { Construction, ExpressionsOf } from './construction.ts';
import type { Frame } from './frames.ts';
import {
  NONE,
  number,
  plainText,
  text as textValue,
  truth,
  UNKNOWN,
  type Value,
} from './values.ts';

export class Expressions implements ExpressionsOf {
  readonly #construction: Construction;

  constructor(construction: Construction) {
    this.#construction = construction;
  }

  value(node: Node, frame: Frame): Value {
    const { callExpressions, names, state, targets } = this.#construction;
    if (!state.spend()) return UNKNOWN;
    const { text } = frame;
    const [first, second, third] = node.children;
    switch (node.type) {
      case 'None':
        return NONE;
      case 'Boolean':
        return { kind: 'bool', value: textOf(node, text) === 'True' };
      case 'Number':
        return number(numberValue(textOf(node, text)));
      case 'String': {
        const value = stringValue(textOf(node, text));
        return value === undefined ? UNKNOWN : textValue(value);
      }
      case 'FormatString':
        return this.#format(node, frame);
      case 'ContinuedString':
        return this.#parts(node.children.map((one) => this.value(one, frame)));
      case 'ParenthesizedExpression':
        return second && node.children.length === 3
          ? this.value(second, frame)
          : this.#all(node, frame);
      case 'ArrayExpression':
        return sequenceOf(this.#construction, 'list', node, frame);
      case 'TupleExpression':
        return sequenceOf(this.#construction, 'tuple', node, frame);
      case 'DictionaryExpression':
        return dictOf(this.#construction, node, frame);
      case 'UnaryExpression':
        return first && second ? unary(textOf(first, text), this.value(second, frame)) : UNKNOWN;
      case 'BinaryExpression':
        return first && second && third ? this.#binary(first, second, third, frame) : UNKNOWN;
      case 'ConditionalExpression':
        return this.#conditional(node, frame);
      case 'NamedExpression': {
        const value = third ? this.value(third, frame) : UNKNOWN;
        if (first) targets.store(first, value, frame);
        return value;
      }
      case 'VariableName':
        return names.value(node, frame);
      case 'MemberExpression':
        return this.#member(node, frame);
      case 'CallExpression':
        return second?.type === 'ArgList'
          ? callExpressions.value(node, frame)
          : this.#all(node, frame);
      case 'LambdaExpression':
        closure(state, node, frame);
        return UNKNOWN;
      default:
        if (/Comprehension/.test(node.type)) {
          closure(state, node, frame);
          return UNKNOWN;
        }
        return this.#all(node, frame);
    }
  }

  /** Evaluates all parts of an expression for their effects. The value of the whole expression is unknown. */
  #all(node: Node, frame: Frame): Value {
    const { state } = this.#construction;
    for (const one of node.children)
      if (one.children.length > 0 || one.type === 'VariableName')
        state.escape(this.value(one, frame));
    return UNKNOWN;
  }

  #parts(parts: readonly Value[]): Value {
    const texts = parts.map((one) => (one.kind === 'str' ? one.value : undefined));
    return texts.every((one) => one !== undefined) ? textValue(texts.join('')) : UNKNOWN;
  }

  #format(node: Node, frame: Frame): Value {
    const { state } = this.#construction;
    const written = textOf(node, frame.text);
    const [, prefix = '', quotes = ''] = /^([a-zA-Z]*)("""|'''|"|')/.exec(written) ?? [];
    const isRaw = /r/i.test(prefix);
    let known = /^(?:f|rf|fr)$/i.test(prefix) && written.endsWith(quotes) && quotes !== '';
    let result = '';
    let at = node.from + prefix.length + quotes.length;
    const literal = (to: number): void => {
      const plain = frame.text
        .slice(at, to)
        .replace(/\r\n?/g, '\n')
        .replace(/([{}])\1/g, '$1');
      const value = isRaw ? plain : unescaped(plain);
      // `\N{…}` has braces that are not a replacement field.
      known &&= value !== undefined && !/\\N/.test(plain);
      result += value ?? '';
    };
    for (const one of node.children) {
      if (one.type !== 'FormatReplacement') continue;
      literal(one.from);
      at = one.to;
      const [, inner, end] = one.children;
      const value = inner ? this.value(inner, frame) : UNKNOWN;
      state.escape(value);
      const plain = one.children.length === 3 && end?.type === '}' ? plainText(value) : undefined;
      known &&= plain !== undefined && !/=\s*\}$/.test(textOf(one, frame.text));
      result += plain ?? '';
    }
    literal(node.to - quotes.length);
    return known ? textValue(result) : UNKNOWN;
  }

  #binary(left: Node, operator: Node, right: Node, frame: Frame): Value {
    const { state } = this.#construction;
    const sign = textOf(operator, frame.text);
    const a = this.value(left, frame);
    if (sign === 'and' || sign === 'or') {
      const known = truth(a);
      if (known === undefined) {
        state.maybe(() => state.escape(this.value(right, frame)));
        state.escape(a);
        return UNKNOWN;
      }
      return known === (sign === 'or') ? a : this.value(right, frame);
    }
    const b = this.value(right, frame);
    return operator.type === 'CompareOp' ? UNKNOWN : binary(sign, a, b);
  }

  #conditional(node: Node, frame: Frame): Value {
    const { state } = this.#construction;
    const [yes, , test, , no] = node.children;
    if (!yes || !test || !no) return this.#all(node, frame);
    const known = truth(this.value(test, frame));
    if (known !== undefined) return this.value(known ? yes : no, frame);
    state.maybe(() => {
      for (const one of [yes, no]) state.escape(this.value(one, frame));
    });
    return UNKNOWN;
  }

  #member(node: Node, frame: Frame): Value {
    const { attributes, names, state } = this.#construction;
    const [first, second, third] = node.children;
    if (!first || !third) return UNKNOWN;
    const outer = names.global(node, frame);
    if (outer) return outer;
    const owner = this.value(first, frame);
    if (second?.type === '.') {
      const name = nameOf(third, frame.text);
      if (owner.kind === 'self') return attributes.get(name);
      // `data.T` or `self.columns.real` may be another name for the same object.
      state.escape(owner);
      return UNKNOWN;
    }
    return itemOf(this.#construction, owner, node.children.slice(2, -1), frame);
  }
}
