/** Finds the names that `from module import *` binds. */

import { stringValue } from './literals.ts';
import { type Module, type Node, nameOf, walk } from './syntax.ts';

/** The names in `__all__`: `public` if the module has no `__all__`, `unknown` if code computes it. */
export function exportedBy({
  statements,
  text,
}: Module): ReadonlySet<string> | 'public' | 'unknown' {
  if (!text.includes('__all__')) return 'public';
  const names = new Set<string>();
  let state = 'public' as 'public' | 'known' | 'unknown';
  const add = (value: Node | undefined): void => {
    state = state === 'unknown' ? state : 'known';
    const isPlain = /^(?:Array|Tuple)Expression$/.test(value?.type ?? '');
    for (const one of isPlain ? (value as Node).children : []) {
      if (/^[[\](),]$/.test(one.type)) continue;
      const name = one.type === 'String' ? stringValue(text.slice(one.from, one.to)) : undefined;
      if (name === undefined) state = 'unknown';
      else names.add(name);
    }
    if (!isPlain) state = 'unknown';
  };
  for (const statement of statements) {
    const { node } = statement;
    if (!text.slice(node.from, node.to).includes('__all__')) continue;
    const isAll = (one: Node | null | undefined): boolean =>
      one?.type === 'VariableName' && nameOf(one, text) === '__all__';
    if (statement.kind === 'assign' && statement.targets.flat().some(isAll)) {
      if (statement.targets.flat().length === 1 && (statement.value?.length ?? 0) <= 1)
        add(statement.value?.[0]);
      else state = 'unknown';
    } else if (statement.kind === 'update' && isAll(statement.target)) add(node.children.at(-1));
    else {
      const call = statement.kind === 'expression' ? statement.value : null;
      const [callee, list] = call?.type === 'CallExpression' ? call.children : [];
      const isExtend =
        callee?.type === 'MemberExpression' &&
        isAll(callee.children[0]) &&
        /^(?:extend)$/.test(callee.children[2] ? nameOf(callee.children[2], text) : '');
      if (isExtend && list?.children.length === 3) add(list.children[1]);
      else if (mentions(node, isAll)) state = 'unknown';
    }
  }
  return state === 'known' ? names : state;
}

function mentions(node: Node, what: (node: Node) => boolean): boolean {
  let found = false;
  walk(node, (inner) => {
    found ||= what(inner);
    return !found;
  });
  return found;
}
