/** Evaluates lists, tuples and dicts, and access to their items. */

import { groups, type Node } from '../syntax.ts';
import type { Construction } from './construction.ts';
import type { Frame } from './frames.ts';
import type { State } from './state.ts';
import { type Dict, keyOf, put, sequence, spoil, text, UNKNOWN, type Value } from './values.ts';

/** Evaluates `[a, *b]` and `(a, b)`. */
export function sequenceOf(
  construction: Construction,
  kind: 'list' | 'tuple',
  node: Node,
  frame: Frame,
): Value {
  const { expressions, state } = construction;
  const items: Value[] = [];
  let known = true;
  for (const group of groups(node.children)) {
    const [first, second] = group;
    if (!first) continue;
    if (first.type === '*' && second) {
      const value = expressions.value(second, frame);
      const isKnown = (value.kind === 'list' || value.kind === 'tuple') && !value.spoiled;
      if (isKnown) items.push(...value.items);
      else {
        state.escape(value);
        known = false;
      }
    } else if (group.length === 1) items.push(expressions.value(first, frame));
    else known = false;
  }
  const result = sequence(kind, items);
  if (known) return result;
  spoil(result);
  return UNKNOWN;
}

/** Evaluates `{a: b, **c}`. */
export function dictOf(construction: Construction, node: Node, frame: Frame): Value {
  const { expressions, state } = construction;
  const dict: Dict = { kind: 'dict', entries: new Map(), spoiled: false };
  for (const group of groups(node.children)) {
    const [key, colon, value] = group;
    if (!key) continue;
    if (key.type === '**' && colon) {
      const more = expressions.value(colon, frame);
      if (more.kind === 'dict' && !more.spoiled && group.length === 2)
        for (const [name, entry] of more.entries) put(dict, name, entry.key, entry.value);
      else {
        state.escape(more);
        dict.spoiled = true;
      }
    } else if (colon?.type === ':' && value && group.length === 3) {
      const name = expressions.value(key, frame);
      add(state, dict, name, expressions.value(value, frame));
    } else dict.spoiled = true;
  }
  return dict;
}

/** Adds an entry to a dict. An unknown key makes the whole dict unknown. */
function add(state: State, dict: Dict, key: Value, value: Value): void {
  const name = keyOf(key);
  if (name === null) {
    state.escape(value);
    dict.spoiled = true;
  } else put(dict, name, key, value);
}

/** Evaluates `owner[a]` and `owner[a:b]`. `written` is the content of the brackets. */
export function itemOf(
  construction: Construction,
  owner: Value,
  written: readonly Node[],
  frame: Frame,
): Value {
  const { expressions, state } = construction;
  if (written.some(({ type }) => type === ':')) return sliceOf(construction, owner, written, frame);
  const [only] = written;
  const index = only && written.length === 1 ? expressions.value(only, frame) : UNKNOWN;
  if (owner.kind === 'dict' && !owner.spoiled) {
    const key = keyOf(index);
    return (key === null ? undefined : owner.entries.get(key)?.value) ?? escapeInto(state, owner);
  }
  const isSequence = owner.kind === 'list' || owner.kind === 'tuple';
  if (index.kind === 'int' && isSequence && !owner.spoiled)
    return owner.items.at(Number(index.value)) ?? UNKNOWN;
  if (index.kind === 'int' && owner.kind === 'str') {
    const letter = [...owner.value].at(Number(index.value));
    return letter === undefined ? UNKNOWN : text(letter);
  }
  return escapeInto(state, owner);
}

function sliceOf(
  construction: Construction,
  owner: Value,
  written: readonly Node[],
  frame: Frame,
): Value {
  const { expressions, state } = construction;
  const bounds: (Value | undefined)[] = [undefined];
  for (const one of written)
    if (one.type === ':') bounds.push(undefined);
    else bounds[bounds.length - 1] = expressions.value(one, frame);
  const isPlain = bounds.every(
    (one) =>
      one === undefined ||
      (one.kind === 'int' && one.value > -1_000_000n && one.value < 1_000_000n),
  );
  const [from, to, step] = bounds.map((one) =>
    one?.kind === 'int' ? Number(one.value) : undefined,
  );
  if (!isPlain || written.some(({ type }) => type === ',') || (step ?? 1) !== 1)
    return escapeInto(state, owner);
  if (owner.kind === 'str') return text([...owner.value].slice(from, to).join(''));
  if ((owner.kind === 'list' || owner.kind === 'tuple') && !owner.spoiled)
    return sequence(owner.kind, owner.items.slice(from, to));
  return escapeInto(state, owner);
}

/** An unknown item. Code may use the item to change its owner, so the owner is unknown from here on. */
function escapeInto(state: State, owner: Value): Value {
  state.escape(owner);
  return UNKNOWN;
}
