/**
 * Values of Python as far as they can be told without running anything. Lists, dicts and arrays are objects: two names
 * can stand for one, and what may have been changed behind our back is `spoiled`, whoever holds it.
 */

import type { Json } from './types.ts';

export type Value =
  | { readonly kind: 'none' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'str'; readonly value: string }
  | Sequence
  | Dict
  /** The instance that is being made. */
  | { readonly kind: 'self' }
  /** What its class is next to, in the line of ancestors. */
  | { readonly kind: 'super'; readonly after: number }
  /** A method of the instance, not called yet. */
  | { readonly kind: 'method'; readonly name: string }
  | { readonly kind: 'unknown' };

export interface Sequence {
  readonly kind: 'list' | 'tuple' | 'array';
  items: Value[];
  spoiled: boolean;
}

export interface Dict {
  readonly kind: 'dict';
  /** By what makes two keys one: `1`, `1.0` and `True` are the same key. */
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

/** What may be changed in place, and all that is reached through it, is not known any more. */
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

/** What makes a dict's key the same as another; null for what cannot be told. */
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

/** Whether Python takes it for true; undefined where that is not known. */
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

/** Nothing that a definition says of itself nests deeper. */
const MAX_DEPTH = 100;

/** A value as JSON has it, tuples and arrays as lists; undefined where JSON has it otherwise, or it is not known. */
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

/** A string that two operations could make longer than anybody writes is not followed. */
const MAX_LENGTH = 10_000;

/** The result of an operator of two values, as Python's. */
export function binary(sign: string, left: Value, right: Value): Value {
  if (left.kind === 'str' && right.kind === 'str' && sign === '+')
    return limited(left.value + right.value);
  if (sign === '*' && left.kind === 'int')
    return repeated(right, left.value) ?? arithmetic(sign, left, right);
  if (sign === '*' && right.kind === 'int')
    return repeated(left, right.value) ?? arithmetic(sign, left, right);
  if (sign === '+' && (left.kind === 'list' || left.kind === 'tuple') && left.kind === right.kind)
    return left.spoiled || right.spoiled
      ? UNKNOWN
      : sequence(left.kind, [...left.items, ...right.items]);
  if (sign === '|' && left.kind === 'dict' && right.kind === 'dict') return merged(left, right);
  return arithmetic(sign, left, right);
}

/** Undefined for what is no string and no list. */
function repeated(value: Value, count: bigint): Value | undefined {
  const times = count < 0n ? 0 : Number(count);
  if (value.kind === 'str')
    return times * value.value.length > MAX_LENGTH
      ? UNKNOWN
      : text(value.value === '' ? '' : value.value.repeat(times));
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined;
  if (value.spoiled || times * value.items.length > MAX_LENGTH) return UNKNOWN;
  const items = Array.from({ length: value.items.length === 0 ? 0 : times }, () => value.items);
  return sequence(value.kind, items.flat());
}

function limited(value: string): Value {
  return value.length > MAX_LENGTH ? UNKNOWN : text(value);
}

/** A new dict with what both have, the second one's values counting. */
export function merged(left: Dict, right: Dict): Value {
  if (left.spoiled || right.spoiled) return UNKNOWN;
  return { kind: 'dict', entries: new Map([...left.entries, ...right.entries]), spoiled: false };
}

function arithmetic(sign: string, left: Value, right: Value): Value {
  const [a, b] = [numeric(left), numeric(right)];
  if (a === undefined || b === undefined) return UNKNOWN;
  if (left.kind === 'bool' && right.kind === 'bool' && /^[&|^]$/.test(sign)) {
    const [p, q] = [left.value, right.value];
    return { kind: 'bool', value: sign === '&' ? p && q : sign === '|' ? p || q : p !== q };
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return whole(sign, a, b);
  const [x, y] = [Number(a), Number(b)];
  // A whole number that a double does not hold exactly is rounded otherwise here than there, or not at all.
  if ([a, b].some((one) => typeof one === 'bigint' && !Number.isSafeInteger(Number(one))))
    return UNKNOWN;
  switch (sign) {
    case '+':
      return number(x + y);
    case '-':
      return number(x - y);
    case '*':
      return number(x * y);
    case '/':
      return y === 0 ? UNKNOWN : number(x / y);
    default:
      return UNKNOWN;
  }
}

function whole(sign: string, a: bigint, b: bigint): Value {
  switch (sign) {
    case '+':
      return number(a + b);
    case '-':
      return number(a - b);
    case '*':
      return bits(a) + bits(b) > 4096 ? UNKNOWN : number(a * b);
    case '/':
      return b === 0n || !Number.isSafeInteger(Number(a)) || !Number.isSafeInteger(Number(b))
        ? UNKNOWN
        : number(Number(a) / Number(b));
    case '//':
      return b === 0n ? UNKNOWN : number((a - modulo(a, b)) / b);
    case '%':
      return b === 0n ? UNKNOWN : number(modulo(a, b));
    case '**':
      return b < 0n || b * BigInt(bits(a)) > 4096n ? UNKNOWN : number(a ** b);
    case '<<':
      return b < 0n || b > 4096n ? UNKNOWN : number(a << b);
    case '>>':
      return b < 0n ? UNKNOWN : number(a >> (b > 100_000n ? 100_000n : b));
    case '&':
      return number(a & b);
    case '|':
      return number(a | b);
    case '^':
      return number(a ^ b);
    default:
      return UNKNOWN;
  }
}

/** Python's remainder has the sign of the divisor. */
function modulo(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

const bits = (value: bigint): number => (value < 0n ? -value : value).toString(16).length * 4;

/** Truth values count as numbers. */
function numeric(value: Value): bigint | number | undefined {
  if (value.kind === 'bool') return value.value ? 1n : 0n;
  return value.kind === 'int' || value.kind === 'float' ? value.value : undefined;
}

/** The result of an operator of one value. */
export function unary(sign: string, operand: Value): Value {
  if (sign === 'not') {
    const known = truth(operand);
    return known === undefined ? UNKNOWN : { kind: 'bool', value: !known };
  }
  const value = numeric(operand);
  if (value === undefined) return UNKNOWN;
  if (sign === '+') return number(value);
  if (sign === '-') return number(-value);
  return sign === '~' && typeof value === 'bigint' ? number(~value) : UNKNOWN;
}

/** How an f-string shows it; undefined where that takes Python's own formatting. */
export function shown(value: Value): string | undefined {
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
 * `numpy.array` of a list, where the elements stay what they are: strings alone, or numbers alone.
 * An array of strings drops NUL characters at their ends.
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
