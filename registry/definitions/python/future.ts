/**
 * Checks where `from __future__ import` stands and what it imports (future_parse and future_check_features of
 * Python/future.c).
 */

import type { Fault } from './faults.ts';
import { type Node, nameOf } from './node.ts';
import { statementsIn } from './shapes.ts';

const FEATURES = new Set(
  `nested_scopes generators division absolute_import with_statement print_function unicode_literals
   barry_as_FLUFL generator_stop annotations`.split(/\s+/),
);

/** The error if `from __future__ import` names an unknown feature, or follows a statement other than a docstring. */
export function futureFault(root: Node, text: string): Fault | null {
  let late = false;
  let first = true;
  let fault: Fault | null = null;
  const pending = statementsIn(root).reverse();
  for (let one = pending.pop(); one; one = pending.pop()) {
    const { from, to } = one;
    if (isFuture(one, text)) {
      if (late)
        fault ??= {
          from,
          to,
          message: 'from __future__ imports must occur at the beginning of the file',
        };
      const message = late ? null : unknown(one, text);
      if (message !== null) return { from, to, message };
    } else if (!(first && isString(one))) late = true;
    first = false;
    if (late) pending.push(...blocksIn(one).reverse());
  }
  return fault;
}

function blocksIn(node: Node): Node[] {
  return node.children.flatMap((one) => {
    if (one.type === 'Body') return statementsIn(one);
    return /^(?:Match(?:Body|Clause)|FunctionDefinition|ClassDefinition)$/.test(one.type)
      ? blocksIn(one)
      : [];
  });
}

function isFuture({ type, children }: Node, text: string): boolean {
  const [word, name, next] = children;
  if (type !== 'ImportStatement' || word?.type !== 'from' || next?.type !== 'import') return false;
  return name !== undefined && nameOf(name, text) === '__future__';
}

function isString({ type, children }: Node): boolean {
  return (
    type === 'ExpressionStatement' &&
    /^(?:Continued)?String$/.test(children[0]?.type ?? '') &&
    children.length === 1
  );
}

function unknown({ children }: Node, text: string): string | null {
  for (const [at, one] of children.entries()) {
    if (at < 3 || one.type !== 'VariableName' || children[at - 1]?.type === 'as') continue;
    const name = nameOf(one, text);
    if (name === 'braces') return 'not a chance';
    if (!FEATURES.has(name)) return `future feature ${name} is not defined`;
  }
  return children.some(({ type }) => type === '*') ? 'future feature * is not defined' : null;
}
