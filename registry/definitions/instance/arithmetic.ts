/** Applies Python's operators to values. */

import { merged, number, sequence, text, truth, UNKNOWN, type Value } from './values.ts';

/**
 * The length of the longest string that is computed. A longer string counts as unknown, because nobody writes such
 * strings.
 */
const MAX_LENGTH = 10_000;

/** The result of a binary operator. */
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

/** The value repeated `count` times; undefined if the value is neither a string, a list nor a tuple. */
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

function arithmetic(sign: string, left: Value, right: Value): Value {
  const [a, b] = [numeric(left), numeric(right)];
  if (a === undefined || b === undefined) return UNKNOWN;
  if (left.kind === 'bool' && right.kind === 'bool' && /^[&|^]$/.test(sign)) {
    const [p, q] = [left.value, right.value];
    return { kind: 'bool', value: sign === '&' ? p && q : sign === '|' ? p || q : p !== q };
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return whole(sign, a, b);
  const [x, y] = [Number(a), Number(b)];
  // With integers that a double cannot represent exactly, JavaScript and Python give different results.
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

/** Python's remainder has the sign of the divisor, JavaScript's that of the dividend. */
function modulo(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

const bits = (value: bigint): number => (value < 0n ? -value : value).toString(16).length * 4;

/** The value as a number; booleans count as 0 and 1. Returns undefined if the value is not a number. */
function numeric(value: Value): bigint | number | undefined {
  if (value.kind === 'bool') return value.value ? 1n : 0n;
  return value.kind === 'int' || value.kind === 'float' ? value.value : undefined;
}

/** The result of a unary operator. */
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
