/** Values of expressions that can be told without running anything; undefined where they cannot. */

import { numberValue, stringValue } from './literals.ts';
import { argumentsOf, dottedName, groups, type Node, textOf } from './syntax.ts';
import type { Json } from './types.ts';

/** What a name (`COLUMNS`) or attribute (`self.columns`) is bound to, or null. */
export type Lookup = (dotted: string) => Node | null | undefined;

/** Nodes and characters that one evaluation may touch: names used again and again could double without end. */
const BUDGET = 200_000;
const MAX_DEPTH = 200;

/**
 * The value of an expression built from literals, arithmetic, `np.array`, and names that `lookup` knows.
 * In a dict, entries whose key or value is unknown are left out; any other unknown part makes the whole unknown.
 */
export function evaluate(node: Node, text: string, lookup: Lookup): Json | undefined {
  return new Evaluation(text, lookup).value(node, 0);
}

class Evaluation {
  readonly #text: string;
  readonly #lookup: Lookup;
  #left = BUDGET;

  constructor(text: string, lookup: Lookup) {
    this.#text = text;
    this.#lookup = lookup;
  }

  value(node: Node, depth: number): Json | undefined {
    if (--this.#left < 0 || depth > MAX_DEPTH) return undefined;
    const [first, second] = node.children;
    switch (node.type) {
      case 'None':
        return null;
      case 'Boolean':
        return textOf(node, this.#text) === 'True';
      case 'Number':
        return toJson(numberValue(textOf(node, this.#text)));
      case 'String':
        return this.#spend(stringValue(textOf(node, this.#text)));
      case 'ContinuedString':
        return this.#concatenation(node, depth);
      case 'ParenthesizedExpression':
        return second && node.children.length === 3 ? this.value(second, depth + 1) : undefined;
      case 'ArrayExpression':
      case 'TupleExpression':
        return this.#list(node, depth);
      case 'DictionaryExpression':
        return this.#dict(node, depth);
      case 'UnaryExpression':
        return first && second ? this.#unary(first, second, depth) : undefined;
      case 'BinaryExpression':
        return this.#binary(node, depth);
      case 'CallExpression':
        return this.#call(node, depth);
      case 'VariableName':
      case 'MemberExpression': {
        const dotted = dottedName(node, this.#text);
        const bound = dotted === null ? null : this.#lookup(dotted);
        return bound ? this.value(bound, depth + 1) : undefined;
      }
      default:
        return undefined;
    }
  }

  #spend(value: string | undefined): string | undefined {
    this.#left -= value?.length ?? 0;
    return this.#left < 0 ? undefined : value;
  }

  #concatenation(node: Node, depth: number): string | undefined {
    const parts = node.children.map((one) => this.value(one, depth + 1));
    return parts.every((one) => typeof one === 'string') ? parts.join('') : undefined;
  }

  #list(node: Node, depth: number): Json[] | undefined {
    const values: Json[] = [];
    for (const group of groups(node.children)) {
      if (group.length === 0) continue;
      const value = group.length === 1 ? this.value(group[0] as Node, depth + 1) : undefined;
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }

  #dict(node: Node, depth: number): { [key: string]: Json } {
    const entries: [string, Json][] = [];
    for (const [key, colon, value, ...more] of groups(node.children)) {
      if (!key || colon?.type !== ':' || !value || more.length > 0) continue;
      const name = this.value(key, depth + 1);
      const known = this.value(value, depth + 1);
      if (typeof name === 'string' && known !== undefined) entries.push([name, known]);
    }
    return Object.fromEntries(entries);
  }

  #unary(operator: Node, operand: Node, depth: number): Json | undefined {
    const value = this.value(operand, depth + 1);
    if (operator.type === 'not') return typeof value === 'boolean' ? !value : undefined;
    if (typeof value !== 'number') return undefined;
    const sign = textOf(operator, this.#text);
    return sign === '-' ? -value : sign === '+' ? value : undefined;
  }

  #binary(node: Node, depth: number): Json | undefined {
    const [left, operator, right] = node.children;
    if (!left || !operator || !right) return undefined;
    const a = this.value(left, depth + 1);
    const b = this.value(right, depth + 1);
    const sign = textOf(operator, this.#text);
    if (typeof a === 'string' && typeof b === 'string') return sign === '+' ? a + b : undefined;
    if (Array.isArray(a) && Array.isArray(b)) return sign === '+' ? [...a, ...b] : undefined;
    if (typeof a !== 'number' || typeof b !== 'number') return undefined;
    const result = { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '**': a ** b }[sign];
    return Number.isFinite(result) ? result : undefined;
  }

  #call(node: Node, depth: number): Json | undefined {
    const [callee, list] = node.children;
    const name = callee ? dottedName(callee, this.#text) : null;
    if (!name || list?.type !== 'ArgList') return undefined;
    const { positional, keywords, starred } = argumentsOf(list, this.#text);
    if (starred) return undefined;
    const only = positional[0];
    if (/^(?:(?:np|numpy)\.)?(?:array|asarray)$|^(?:list|tuple)$/.test(name) && only) {
      const value = this.value(only, depth + 1);
      return Array.isArray(value) ? value : undefined;
    }
    if (name !== 'dict' || only) return undefined;
    const entries = [...keywords].map(([key, one]) => [key, this.value(one, depth + 1)] as const);
    return Object.fromEntries(
      entries.filter((pair): pair is [string, Json] => pair[1] !== undefined),
    );
  }
}

function toJson(value: bigint | number | undefined): number | undefined {
  const plain = Number(value);
  return value !== undefined && Number.isFinite(plain) ? plain : undefined;
}
