/**
 * Values of Python, as far as they can be known without running code. Two names can refer to the same list, dict or
 * array. If unknown code may have changed the object, it is `spoiled` for both names.
 */

import type { Json } from '../types.ts';

export type Value =
  | { readonly kind: 'none' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'str'; readonly value: string }
  | Sequence
  | Dict
  /** The instance under construction. */
  | { readonly kind: 'self' }
  /** The result of `super()`. Methods are searched after the position `after` of the method resolution order. */
  | { readonly kind: 'super'; readonly after: number }
  /** A method of the instance that is not called here. */
  | { readonly kind: 'method'; readonly name: string }
  | { readonly kind: 'unknown' };

export interface Sequence {
  readonly kind: 'list' | 'tuple' | 'array';
  items: Value[];
  spoiled: boolean;
}

export interface Dict {
  readonly kind: 'dict';
  /** The entries by identity of their key: `1`, `1.0` and `True` are the same key. */
  readonly entries: Map<string, { readonly key: Value; readonly value: Value }>;
  spoiled: boolean;
}

export const UNKNOWN: Value = { kind: 'unknown' };
export const NONE: Value = { kind: 'none' };

export const sequence = (kind: Sequence['kind'], items: Value[]): Sequence => ({
  kind,
  items,
  spoiled: false,
});

export const text = (value: string): Value => ({ kind: 'str', value });

export const number = (value: bigint | number | undefined): Value =>
  typeof value === 'bigint'
    ? { kind: 'int', value }
    : value === undefined
      ? UNKNOWN
      : { kind: 'float', value };

/** Marks a mutable object, and everything that can be reached through it, as unknown. */
export function spoil(value: Value): void {
  const pending = [value];
  const seen = new Set<Value>();
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.kind === 'list' || next.kind === 'array') next.spoiled = true;
    if (next.kind === 'list' || next.kind === 'array' || next.kind === 'tuple')
      pending.push(...next.items);
    if (next.kind === 'dict') {
      next.spoiled = true;
      pending.push(...[...next.entries.values()].map((one) => one.value));
    }
  }
}

/** The identity of a dict key; null if the key is unknown. */
export function keyOf(key: Value): string | null {
  switch (key.kind) {
    case 'none':
      return 'none';
    case 'str':
      return `s${key.value}`;
    case 'bool':
      return `n${Number(key.value)}`;
    case 'int':
      return `n${key.value}`;
    case 'float':
      return `n${Number.isInteger(key.value) ? BigInt(key.value) : key.value}`;
    default:
      return null;
  }
}

/** Whether Python treats the value as true; undefined if unknown. */
export function truth(value: Value): boolean | undefined {
  switch (value.kind) {
    case 'none':
      return false;
    case 'bool':
      return value.value;
    case 'int':
      return value.value !== 0n;
    case 'float':
      return value.value !== 0;
    case 'str':
      return value.value !== '';
    case 'list':
    case 'tuple':
      return value.spoiled ? undefined : value.items.length > 0;
    case 'dict':
      return value.spoiled ? undefined : value.entries.size > 0;
    default:
      return undefined;
  }
}

/** The deepest nesting that is converted. Metadata of a definition is never nested that deep. */
const MAX_DEPTH = 100;

/**
 * The value as JSON, with tuples and arrays as lists. Returns undefined if the value is unknown or JSON cannot
 * represent it.
 */
export function toJson(value: Value, depth = 0): Json | undefined {
  if (depth > MAX_DEPTH) return undefined;
  switch (value.kind) {
    case 'none':
      return null;
    case 'bool':
    case 'str':
      return value.value;
    case 'int': {
      const exact = Number(value.value);
      return Number.isSafeInteger(exact) ? exact : undefined;
    }
    case 'float':
      return Number.isFinite(value.value) ? value.value : undefined;
    case 'list':
    case 'tuple':
    case 'array': {
      if (value.spoiled) return undefined;
      const items = value.items.map((one) => toJson(one, depth + 1));
      return items.every((one) => one !== undefined) ? (items as Json[]) : undefined;
    }
    case 'dict': {
      if (value.spoiled) return undefined;
      const entries: [string, Json][] = [];
      for (const one of value.entries.values()) {
        const json = toJson(one.value, depth + 1);
        if (one.key.kind !== 'str' || json === undefined) return undefined;
        entries.push([one.key.value, json]);
      }
      return Object.fromEntries(entries);
    }
    default:
      return undefined;
  }
}

/** Adds an entry to a dict. As in Python, the first key stays and the last value wins. */
export function put(dict: Dict, name: string, key: Value, value: Value): void {
  dict.entries.set(name, { key: dict.entries.get(name)?.key ?? key, value });
}

/** A new dict with the entries of two dicts. If both dicts have a key, the second value wins. */
export function merged(left: Dict, right: Dict): Value {
  if (left.spoiled || right.spoiled) return UNKNOWN;
  return { kind: 'dict', entries: new Map([...left.entries, ...right.entries]), spoiled: false };
}

/** The text of a value in an f-string; undefined if only Python itself can format the value. */
export function plainText(value: Value): string | undefined {
  switch (value.kind) {
    case 'str':
      return value.value;
    case 'int':
      return `${value.value}`;
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'none':
      return 'None';
    default:
      return undefined;
  }
}

/**
 * The result of `numpy.array` for a list of only strings or only numbers. Strings that end in NUL are unknown, because
 * numpy drops the NUL.
 */
export function arrayOf(value: Value): Value {
  if (value.kind === 'array') return value.spoiled ? UNKNOWN : sequence('array', [...value.items]);
  if ((value.kind !== 'list' && value.kind !== 'tuple') || value.spoiled) return UNKNOWN;
  const { items } = value;
  const isText = items.every((one) => one.kind === 'str' && !one.value.endsWith('\0'));
  const isNumber = items.every((one) => one.kind === 'int' || one.kind === 'float');
  const isTruth = items.every((one) => one.kind === 'bool');
  return isText || isNumber || isTruth ? sequence('array', [...items]) : UNKNOWN;
}
