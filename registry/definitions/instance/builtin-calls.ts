/** Follows calls of built-ins. */

import { argumentsOf, type Node } from '../syntax.ts';
import type { Construction } from './construction.ts';
import type { Frame, Given } from './frames.ts';
import {
  type Dict,
  merged,
  NONE,
  number,
  put,
  sequence,
  text,
  UNKNOWN,
  type Value,
} from './values.ts';

/**
 * Built-ins that change nothing and keep no reference to their arguments. `set` and iterators are not listed, because
 * they keep references to their arguments.
 */
const HARMLESS =
  /^(?:abs|all|any|bool|bytes|callable|chr|complex|divmod|float|format|hasattr|hash|hex|id|int|isinstance|issubclass|len|max|min|oct|ord|pow|print|range|repr|round|str|sum|type|object|bytearray|frozenset)$/;

/** Follows a call of the built-in `name`. `callee` is the expression that refers to the built-in. */
export function callBuiltin(
  construction: Construction,
  name: string,
  callee: Node,
  given: Given,
  frame: Frame,
): Value {
  const { attributes, state } = construction;
  const { positional, keywords, starred } = given;
  const [first, second] = positional;
  switch (name) {
    case 'super':
      return callSuper(construction, callee, given, frame);
    case 'list':
    case 'tuple':
      if (positional.length === 0 && !starred) return sequence(name, []);
      if (first && !starred && (first.kind === 'list' || first.kind === 'tuple') && !first.spoiled)
        return sequence(name, [...first.items]);
      if (first && !starred && first.kind === 'array' && !first.spoiled && allText(first))
        return sequence(name, [...first.items]);
      return UNKNOWN;
    case 'dict': {
      const named: Dict = { kind: 'dict', entries: new Map(), spoiled: starred };
      for (const [key, value] of keywords) put(named, `s${key}`, text(key), value);
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
        attributes.set(second.value, positional[2]);
      else if (first?.kind === 'self') state.forget();
      else state.hand(given);
      return NONE;
    case 'delattr':
      if (first?.kind === 'self') state.forget();
      else state.hand(given);
      return NONE;
    case 'getattr':
      if (first?.kind === 'self' && second?.kind === 'str' && positional.length === 2)
        return attributes.get(second.value);
      if (first?.kind !== 'self') state.hand(given);
      else state.spoilAll();
      return UNKNOWN;
    case 'vars':
      state.forget();
      return UNKNOWN;
    default:
      if (HARMLESS.test(name)) return UNKNOWN;
      return state.hand(given);
  }
}

/** Follows `super()` and `super(Class, self)`. */
function callSuper(
  { line, names, state }: Construction,
  callee: Node,
  { positional }: Given,
  frame: Frame,
): Value {
  if (positional.length === 0) return { kind: 'super', after: frame.at };
  const list = callee.parent?.children[1];
  const [named] = list ? argumentsOf(list, frame.text).positional : [];
  const cls = named && names.classOf(named, frame);
  const after = cls ? line.indexOf(cls) : -1;
  if (after >= 0 && positional[1]?.kind === 'self') return { kind: 'super', after };
  state.forget();
  return UNKNOWN;
}

const allText = (value: Value): boolean =>
  value.kind === 'array' && value.items.every((one) => one.kind === 'str');
