/** Finds what a top-level statement binds, reads, calls and imports. */
import { child, type Node, textOf, walk } from '../syntax.ts';
import { readImport, type SourceImport } from './imports.ts';
import { StatementReader } from './scope.ts';

const MAIN = /^if\s+(?:\(\s*)?(__name__\s*==\s*(['"])__main__\2|(['"])__main__\3\s*==\s*__name__)/;

/** @param name returns the same string object for equal names, to save memory */
export function describe(node: Node, text: string, name: (one: string) => string) {
  const reader = new StatementReader(text);
  reader.read(node);
  const imports: SourceImport[] = [];
  walk(node, (inner) => {
    if (inner.type !== 'ImportStatement') return true;
    imports.push(named(readImport(inner, text, isNested(inner, node)), name));
    return false;
  });
  return {
    binds: listOf([...reader.binds].map(name)),
    uses: listOf([...reader.uses].map(name)),
    calls: callsSomething(node),
    imports: listOf(imports),
    isMain: MAIN.test(textOf(node, text)),
    isDocstring:
      node.type === 'ExpressionStatement' && /String$/.test(node.children[0]?.type ?? ''),
  };
}

function named(found: SourceImport, name: (one: string) => string): SourceImport {
  return {
    ...found,
    module: found.module && name(found.module),
    clauses: found.clauses.map((one) => ({ name: name(one.name), bound: name(one.bound) })),
  };
}

function callsSomething(statement: Node): boolean {
  let calls = false;
  walk(statement, (node) => {
    if (/^(Function|Class)Definition$/.test(node.type)) return false;
    calls ||= node.type === 'ExpressionStatement' && child(node, 'CallExpression') !== undefined;
    return !calls;
  });
  return calls;
}

function isNested(inner: Node, top: Node): boolean {
  for (let at: Node | null = inner; at && at.from >= top.from; at = at.parent) {
    if (at.type === 'FunctionDefinition' || at.type === 'ClassDefinition') return true;
    if (at.from === top.from && at.to === top.to && at.type === top.type) return false;
  }
  return false;
}

const NONE: readonly never[] = [];

/**
 * A copy without spare room, because an array that grew by `push` has room for 17 elements. Most lists are empty, so
 * all empty lists share one object.
 */
export const listOf = <Item>(items: readonly Item[]): readonly Item[] =>
  items.length === 0 ? NONE : items.slice();
