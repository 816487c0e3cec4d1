/** Expressions, read as Python would run them while an instance is made. */

import type { Frame, Given, World } from './frames.ts';
import { numberValue, stringValue, unescaped } from './literals.ts';
import { argumentsOf, dottedName, groups, type Node, nameOf, textOf } from './syntax.ts';
import {
  arrayOf,
  binary,
  type Dict,
  keyOf,
  merged,
  NONE,
  number,
  type Sequence,
  sequence,
  shown,
  spoil,
  text as textValue,
  truth,
  UNKNOWN,
  unary,
  type Value,
} from './values.ts';

export class Expressions {
  readonly #instance: World;

  constructor(instance: World) {
    this.#instance = instance;
  }

  /** The value of an expression; what it does on the way is done to the instance. */
  value(node: Node, frame: Frame): Value {
    if (!this.#instance.spend()) return UNKNOWN;
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
        return this.#items('list', groups(node.children), frame);
      case 'TupleExpression':
        return this.#items('tuple', groups(node.children), frame);
      case 'DictionaryExpression':
        return this.#dict(node, frame);
      case 'UnaryExpression':
        return first && second ? unary(textOf(first, text), this.value(second, frame)) : UNKNOWN;
      case 'BinaryExpression':
        return first && second && third ? this.#binary(first, second, third, frame) : UNKNOWN;
      case 'ConditionalExpression':
        return this.#conditional(node, frame);
      case 'NamedExpression': {
        const value = third ? this.value(third, frame) : UNKNOWN;
        if (first) this.#instance.store(first, value, frame);
        return value;
      }
      case 'VariableName':
        return this.#instance.name(node, frame);
      case 'MemberExpression':
        return this.#member(node, frame);
      case 'CallExpression':
        return this.#call(node, frame);
      case 'LambdaExpression':
        this.#instance.closure(node, frame);
        return UNKNOWN;
      default:
        if (/Comprehension/.test(node.type)) {
          this.#instance.closure(node, frame);
          return UNKNOWN;
        }
        return this.#all(node, frame);
    }
  }

  /** Runs everything that stands in an expression of which the value is not known. */
  #all(node: Node, frame: Frame): Value {
    for (const one of node.children)
      if (one.children.length > 0 || one.type === 'VariableName')
        this.#instance.escape(this.value(one, frame));
    return UNKNOWN;
  }

  #parts(parts: readonly Value[]): Value {
    const texts = parts.map((one) => (one.kind === 'str' ? one.value : undefined));
    return texts.every((one) => one !== undefined) ? textValue(texts.join('')) : UNKNOWN;
  }

  #format(node: Node, frame: Frame): Value {
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
      // `\N{…}` has braces of its own.
      known &&= value !== undefined && !/\\N/.test(plain);
      result += value ?? '';
    };
    for (const one of node.children) {
      if (one.type !== 'FormatReplacement') continue;
      literal(one.from);
      at = one.to;
      const [, inner, end] = one.children;
      const value = inner ? this.value(inner, frame) : UNKNOWN;
      this.#instance.escape(value);
      const plain = one.children.length === 3 && end?.type === '}' ? shown(value) : undefined;
      known &&= plain !== undefined && !/=\s*\}$/.test(textOf(one, frame.text));
      result += plain ?? '';
    }
    literal(node.to - quotes.length);
    return known ? textValue(result) : UNKNOWN;
  }

  #items(kind: 'list' | 'tuple', written: readonly (readonly Node[])[], frame: Frame): Value {
    const items: Value[] = [];
    let known = true;
    for (const group of written) {
      const [first, second] = group;
      if (!first) continue;
      if (first.type === '*' && second) {
        const value = this.value(second, frame);
        const isKnown = (value.kind === 'list' || value.kind === 'tuple') && !value.spoiled;
        if (isKnown) items.push(...value.items);
        else {
          this.#instance.escape(value);
          known = false;
        }
      } else if (group.length === 1) items.push(this.value(first, frame));
      else known = false;
    }
    const result = sequence(kind, items);
    if (known) return result;
    spoil(result);
    return UNKNOWN;
  }

  #dict(node: Node, frame: Frame): Value {
    const dict: Dict = { kind: 'dict', entries: new Map(), spoiled: false };
    for (const group of groups(node.children)) {
      const [key, colon, value] = group;
      if (!key) continue;
      if (key.type === '**' && colon) {
        const more = this.value(colon, frame);
        if (more.kind === 'dict' && !more.spoiled && group.length === 2)
          for (const [name, entry] of more.entries) put(dict, name, entry.key, entry.value);
        else {
          this.#instance.escape(more);
          dict.spoiled = true;
        }
      } else if (colon?.type === ':' && value && group.length === 3) {
        const name = this.value(key, frame);
        this.#put(dict, name, this.value(value, frame));
      } else dict.spoiled = true;
    }
    return dict;
  }

  #put(dict: Dict, key: Value, value: Value): void {
    const name = keyOf(key);
    if (name === null) {
      this.#instance.escape(value);
      dict.spoiled = true;
    } else put(dict, name, key, value);
  }

  #binary(left: Node, operator: Node, right: Node, frame: Frame): Value {
    const sign = textOf(operator, frame.text);
    const a = this.value(left, frame);
    if (sign === 'and' || sign === 'or') {
      const known = truth(a);
      if (known === undefined) {
        this.#instance.maybe(() => this.#instance.escape(this.value(right, frame)));
        this.#instance.escape(a);
        return UNKNOWN;
      }
      return known === (sign === 'or') ? a : this.value(right, frame);
    }
    const b = this.value(right, frame);
    const result = operator.type === 'CompareOp' ? UNKNOWN : binary(sign, a, b);
    return result;
  }

  #conditional(node: Node, frame: Frame): Value {
    const [yes, , test, , no] = node.children;
    if (!yes || !test || !no) return this.#all(node, frame);
    const known = truth(this.value(test, frame));
    if (known !== undefined) return this.value(known ? yes : no, frame);
    this.#instance.maybe(() => {
      for (const one of [yes, no]) this.#instance.escape(this.value(one, frame));
    });
    return UNKNOWN;
  }

  #member(node: Node, frame: Frame): Value {
    const [first, second, third] = node.children;
    if (!first || !third) return UNKNOWN;
    const outer = this.#instance.global(node, frame);
    if (outer) return outer;
    const owner = this.value(first, frame);
    if (second?.type === '.') {
      const name = nameOf(third, frame.text);
      if (owner.kind === 'self') return this.#instance.attribute(name);
      // `data.T`, `self.columns.real`: the same object by another name.
      this.#instance.escape(owner);
      return UNKNOWN;
    }
    return this.#item(owner, node.children.slice(2, -1), frame);
  }

  #item(owner: Value, written: readonly Node[], frame: Frame): Value {
    if (written.some(({ type }) => type === ':')) return this.#slice(owner, written, frame);
    const [only] = written;
    const index = only && written.length === 1 ? this.value(only, frame) : UNKNOWN;
    if (owner.kind === 'dict' && !owner.spoiled) {
      const key = keyOf(index);
      return (key === null ? undefined : owner.entries.get(key)?.value) ?? this.#lost(owner);
    }
    const isSequence = owner.kind === 'list' || owner.kind === 'tuple';
    if (index.kind === 'int' && isSequence && !owner.spoiled)
      return owner.items.at(Number(index.value)) ?? UNKNOWN;
    if (index.kind === 'int' && owner.kind === 'str') {
      const letter = [...owner.value].at(Number(index.value));
      return letter === undefined ? UNKNOWN : textValue(letter);
    }
    return this.#lost(owner);
  }

  #slice(owner: Value, written: readonly Node[], frame: Frame): Value {
    const bounds: (Value | undefined)[] = [undefined];
    for (const one of written)
      if (one.type === ':') bounds.push(undefined);
      else bounds[bounds.length - 1] = this.value(one, frame);
    const isPlain = bounds.every(
      (one) =>
        one === undefined ||
        (one.kind === 'int' && one.value > -1_000_000n && one.value < 1_000_000n),
    );
    const [from, to, step] = bounds.map((one) =>
      one?.kind === 'int' ? Number(one.value) : undefined,
    );
    if (!isPlain || written.some(({ type }) => type === ',') || (step ?? 1) !== 1)
      return this.#lost(owner);
    if (owner.kind === 'str') return textValue([...owner.value].slice(from, to).join(''));
    if ((owner.kind === 'list' || owner.kind === 'tuple') && !owner.spoiled)
      return sequence(owner.kind, owner.items.slice(from, to));
    return this.#lost(owner);
  }

  /** What is taken out of something unknown may be changed through that. */
  #lost(owner: Value): Value {
    this.#instance.escape(owner);
    return UNKNOWN;
  }

  #call(node: Node, frame: Frame): Value {
    const [callee, list] = node.children;
    if (!callee || list?.type !== 'ArgList') return this.#all(node, frame);
    if (list.children.some(({ type }) => type === 'for')) {
      this.#instance.closure(list, frame);
      return UNKNOWN;
    }
    const { positional, keywords, starred } = argumentsOf(list, frame.text);
    const given: Given = {
      positional: positional.map((one) => this.value(one, frame)),
      keywords: new Map(
        [...keywords].map(([name, one]) => [
          name,
          name === 'dtype' && TEXT_TYPE.test(textOf(one, frame.text))
            ? textValue('str')
            : this.value(one, frame),
        ]),
      ),
      starred,
    };
    if (starred)
      for (const [at, one] of list.children.entries())
        if (/^\*\*?$/.test(list.children[at - 1]?.type ?? ''))
          this.#instance.escape(this.value(one, frame));
    if (callee.type === 'MemberExpression' && callee.children[1]?.type === '.')
      return this.#method(callee, given, frame);
    if (callee.type === 'VariableName') return this.#function(callee, given, frame);
    this.value(callee, frame);
    return this.#instance.hand(given);
  }

  #method(callee: Node, given: Given, frame: Frame): Value {
    const [object, , property] = callee.children;
    if (!object || !property) return this.#instance.hand(given);
    const name = nameOf(property, frame.text);
    const dotted = dottedName(callee, frame.text);
    const [root = ''] = dotted?.split('.') ?? [];
    if (dotted !== null && !frame.own.has(root)) {
      const numpy = this.#instance.isNumpy(object, frame);
      if (numpy && name === 'asarray' && given.positional[0]?.kind === 'array')
        return given.positional[0];
      if (numpy && /^(?:array|asarray)$/.test(name)) return this.#array(given);
      if (numpy && /^(?:zeros|ones|arange|linspace|full)$/.test(name)) return UNKNOWN;
      const cls = this.#instance.classOf(object, frame);
      if (cls) return this.#instance.callOn(cls, name, given);
      if (this.#instance.isOutside(object, frame)) return this.#instance.hand(given);
    }
    const owner = this.value(object, frame);
    switch (owner.kind) {
      case 'self':
        return this.#instance.callMethod(name, 0, given);
      case 'super':
        return this.#instance.callMethod(name, owner.after + 1, given);
      case 'list':
      case 'dict':
        return this.#change(owner, name, given);
      case 'str':
        if (
          name === 'split' &&
          given.positional.length === 0 &&
          given.keywords.size === 0 &&
          !given.starred
        )
          return /^[\x20-\x7e\t\n]*$/.test(owner.value)
            ? sequence('list', owner.value.trim().split(/\s+/).filter(Boolean).map(textValue))
            : UNKNOWN;
        return this.#instance.hand(given);
      default:
        this.#instance.escape(owner);
        return this.#instance.hand(given);
    }
  }

  #array(given: Given): Value {
    const [only] = given.positional;
    const type = given.keywords.get('dtype');
    const isPlain =
      given.positional.length === 1 && !given.starred && given.keywords.size === (type ? 1 : 0);
    const result = only && isPlain ? arrayOf(only) : UNKNOWN;
    if (type === undefined) return result;
    if (result.kind !== 'array' || type.kind !== 'str') return UNKNOWN;
    // A type with a length cuts longer strings.
    const [, length] = /^(?:str|object|O|[<>=]?U(\d*))$/.exec(type.value) ?? [null];
    const isWhole = result.items.every(
      (one) => one.kind === 'str' && (!length || [...one.value].length <= Number(length)),
    );
    return length !== null && isWhole ? result : UNKNOWN;
  }

  #change(owner: Dict | Sequence, name: string, given: Given): Value {
    const [first, ...more] = given.positional;
    const isPlain = !given.starred && more.length === 0 && given.keywords.size === 0;
    const sure = isPlain && this.#instance.isSure() && !owner.spoiled;
    if (name === 'copy' && first === undefined && isPlain) {
      if (owner.spoiled) return UNKNOWN;
      return owner.kind !== 'dict'
        ? sequence('list', [...owner.items])
        : { kind: 'dict', entries: new Map(owner.entries), spoiled: false };
    }
    if (sure && first && owner.kind === 'list') {
      if (name === 'append') {
        owner.items.push(first);
        return NONE;
      }
      if (
        name === 'extend' &&
        (first.kind === 'list' || first.kind === 'tuple') &&
        !first.spoiled
      ) {
        owner.items.push(...first.items);
        return NONE;
      }
    }
    if (
      sure &&
      owner.kind === 'dict' &&
      name === 'update' &&
      first?.kind === 'dict' &&
      !first.spoiled
    ) {
      for (const [key, entry] of first.entries) put(owner, key, entry.key, entry.value);
      return NONE;
    }
    this.#instance.hand(given);
    if (/^(?:count|index|keys)$/.test(name)) return UNKNOWN;
    spoil(owner);
    return UNKNOWN;
  }

  #function(callee: Node, given: Given, frame: Frame): Value {
    const name = nameOf(callee, frame.text);
    if (frame.own.has(name) && (frame.kind === 'function' || frame.values.has(name))) {
      const value = this.#instance.name(callee, frame);
      this.#instance.escape(value);
      return this.#instance.hand(given);
    }
    if (!this.#instance.isBuiltin(name, frame))
      return this.#instance.callFunction(callee, given, frame);
    const { positional, keywords, starred } = given;
    const [first, second] = positional;
    switch (name) {
      case 'super':
        return this.#super(callee, given, frame);
      case 'list':
      case 'tuple':
        if (positional.length === 0 && !starred) return sequence(name, []);
        if (
          first &&
          !starred &&
          (first.kind === 'list' || first.kind === 'tuple') &&
          !first.spoiled
        )
          return sequence(name, [...first.items]);
        if (first && !starred && first.kind === 'array' && !first.spoiled && allText(first))
          return sequence(name, [...first.items]);
        return UNKNOWN;
      case 'dict': {
        const named: Dict = { kind: 'dict', entries: new Map(), spoiled: starred };
        for (const [key, value] of keywords) put(named, `s${key}`, textValue(key), value);
        if (starred) return UNKNOWN;
        if (!first) return named;
        return first.kind === 'dict' ? merged(first, named) : UNKNOWN;
      }
      case 'len':
        return first && (first.kind === 'list' || first.kind === 'tuple') && !first.spoiled
          ? number(BigInt(first.items.length))
          : UNKNOWN;
      case 'str':
        return first?.kind === 'str' && positional.length === 1 ? first : UNKNOWN;
      case 'setattr':
        if (first?.kind === 'self' && second?.kind === 'str' && positional[2])
          this.#instance.setAttribute(second.value, positional[2]);
        else if (first?.kind === 'self') this.#instance.forget();
        else this.#instance.hand(given);
        return NONE;
      case 'delattr':
        if (first?.kind === 'self') this.#instance.forget();
        else this.#instance.hand(given);
        return NONE;
      case 'getattr':
        if (first?.kind === 'self' && second?.kind === 'str' && positional.length === 2)
          return this.#instance.attribute(second.value);
        if (first?.kind !== 'self') this.#instance.hand(given);
        else this.#instance.spoilAll();
        return UNKNOWN;
      case 'vars':
        this.#instance.forget();
        return UNKNOWN;
      default:
        if (HARMLESS.test(name)) return UNKNOWN;
        return this.#instance.hand(given);
    }
  }

  /** `super()`, `super(Class, self)` */
  #super(callee: Node, { positional }: Given, frame: Frame): Value {
    if (positional.length === 0) return { kind: 'super', after: frame.at };
    const list = callee.parent?.children[1];
    const [named] = list ? argumentsOf(list, frame.text).positional : [];
    const after = named ? this.#instance.placeOf(named, frame) : -1;
    if (after >= 0 && positional[1]?.kind === 'self') return { kind: 'super', after };
    this.#instance.forget();
    return UNKNOWN;
  }
}

/** Built-ins that change nothing and keep nothing of what they are given; a set or an iterator may be walked later. */
const HARMLESS =
  /^(?:abs|all|any|bool|bytes|callable|chr|complex|divmod|float|format|hasattr|hash|hex|id|int|isinstance|issubclass|len|max|min|oct|ord|pow|print|range|repr|round|str|sum|type|object|bytearray|frozenset)$/;

/** Types of an array in which strings stay whole. */
const TEXT_TYPE = /^(?:str|object|(?:np|numpy)\.(?:str_|object_))$/;

/** The first key stays, the last value counts. */
export function put(dict: Dict, name: string, key: Value, value: Value): void {
  dict.entries.set(name, { key: dict.entries.get(name)?.key ?? key, value });
}

const allText = (value: Value): boolean =>
  value.kind === 'array' && value.items.every((one) => one.kind === 'str');
