/** Follows calls of methods of lists, dicts and strings, and the creation of numpy arrays. */

import type { Given } from './frames.ts';
import type { State } from './state.ts';
import {
  arrayOf,
  type Dict,
  NONE,
  put,
  type Sequence,
  sequence,
  spoil,
  text,
  UNKNOWN,
  type Value,
} from './values.ts';

/** Calls a method of a list or dict. */
export function callCollection(
  state: State,
  owner: Dict | Sequence,
  name: string,
  given: Given,
): Value {
  const [first, ...more] = given.positional;
  const isPlain = !given.starred && more.length === 0 && given.keywords.size === 0;
  const sure = isPlain && state.isSure() && !owner.spoiled;
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
    if (name === 'extend' && (first.kind === 'list' || first.kind === 'tuple') && !first.spoiled) {
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
  state.hand(given);
  if (/^(?:count|index|keys)$/.test(name)) return UNKNOWN;
  spoil(owner);
  return UNKNOWN;
}

/** Calls a method of a string. */
export function callString(state: State, value: string, name: string, given: Given): Value {
  const isPlain = given.positional.length === 0 && given.keywords.size === 0 && !given.starred;
  if (name !== 'split' || !isPlain) return state.hand(given);
  return /^[\x20-\x7e\t\n]*$/.test(value)
    ? sequence('list', value.trim().split(/\s+/).filter(Boolean).map(text))
    : UNKNOWN;
}

/** Evaluates `numpy.array(…)` and `numpy.asarray(…)`. */
export function makeArray(given: Given): Value {
  const [only] = given.positional;
  const type = given.keywords.get('dtype');
  const isPlain =
    given.positional.length === 1 && !given.starred && given.keywords.size === (type ? 1 : 0);
  const result = only && isPlain ? arrayOf(only) : UNKNOWN;
  if (type === undefined) return result;
  if (result.kind !== 'array' || type.kind !== 'str') return UNKNOWN;
  // An array type with a length cuts off longer strings.
  const [, length] = /^(?:str|object|O|[<>=]?U(\d*))$/.exec(type.value) ?? [null];
  const isWhole = result.items.every(
    (one) => one.kind === 'str' && (!length || [...one.value].length <= Number(length)),
  );
  return length !== null && isWhole ? result : UNKNOWN;
}
