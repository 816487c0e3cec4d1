/**
 * A Python module as the extraction sees it: its top-level statements in order, and for each what it
 * binds, what it reads, what it changes and what it imports. Nothing is run; where scoping cannot be
 * known a name counts as read, so that too much is carried rather than too little.
 */
import { child, type Node, nameOf, type Module as SyntaxModule, textOf, walk } from '../syntax.ts';
import type { Diagnostic } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { readImport, type SourceImport } from './imports.ts';
import { collectGlobals, StatementReader } from './scope.ts';
import { Trees } from './trees.ts';

export interface Statement {
  /** Where its lines begin, the blank lines and comments above it included, and where they end. */
  from: number;
  to: number;
  /** Read anew from the text where its tree had to make room: what can be told without it costs less. */
  readonly node: Node;
  /** The node's kind, and the place of its code. */
  type: string;
  start: number;
  end: number;
  /** It, or a block in it, calls something and lets go of the answer. */
  calls: boolean;
  /** Counts from 1. */
  line: number;
  /** Names that it binds in the module. */
  binds: ReadonlySet<string>;
  /** Names that it reads and does not define itself. */
  uses: ReadonlySet<string>;
  /** Module names whose value it changes, calls upon or hands to a call when the module is imported. */
  touches: ReadonlySet<string>;
  imports: SourceImport[];
  /** `if __name__ == '__main__'`, which a definition never runs. */
  isMain: boolean;
}

export interface ClassStatement {
  name: string;
  readonly node: Node;
  statement: Statement;
}

export interface Module {
  path: string;
  /** Read anew as the nodes of its statements are. */
  readonly tree: SyntaxModule;
  text: string;
  statements: Statement[];
  classes: Map<string, ClassStatement>;
  /** Name to the statements that bind it at module level. */
  bindings: Map<string, Statement[]>;
  /** Name to the statements with functions that declare it `global`, and so may bind it when they are called. */
  globals: Map<string, Statement[]>;
  /** What CPython stops at. */
  error: Diagnostic | null;
  /** Looks names up while it runs (`globals()`, `exec`, …), so no part of it can be left out. */
  dynamic: boolean;
}

const DYNAMIC = /\b(globals|locals|vars|exec|eval)\s*\(|\bsys\.modules\b|^def __getattr__\b/m;

const MAIN = /^if\s+\(?\s*(__name__\s*==\s*(['"])__main__\2|(['"])__main__\3\s*==\s*__name__)/;

/**
 * Reads a module; a broken text gives what can be recognised of it.
 * @throws DefinitionError `too_deep`
 */
export function readModule(path: string, text: string, trees = new Trees()): Module {
  const statements: Statement[] = [];
  const lines = new LineCounter(text);
  let from = 0;
  const { root } = trees.of(text);
  for (const node of root.children) {
    if (node.to <= from || textOf(node, text).trim() === '') continue;
    const to = statementEnd(text, node);
    const { index, type, from: start, to: end } = node;
    statements.push({
      ...{ from, to, type, start, end, line: lines.at(start), ...describe(node, text) },
      get node() {
        return trees.of(text).root.children[index] as Node;
      },
    });
    from = to;
  }
  const bindings = new Map<string, Statement[]>();
  const classes = new Map<string, ClassStatement>();
  const globals = new Map<string, Statement[]>();
  for (const statement of statements) {
    const declared = new Set<string>();
    collectGlobals(statement.node, text, declared);
    for (const name of declared) globals.set(name, [...(globals.get(name) ?? []), statement]);
    for (const name of statement.binds)
      bindings.set(name, [...(bindings.get(name) ?? []), statement]);
    classesIn(statement.node, text).forEach(({ name }, at) => {
      classes.set(name, {
        name,
        statement,
        get node() {
          return classesIn(statement.node, text)[at]?.node as Node;
        },
      });
    });
  }
  return {
    path,
    get tree() {
      return trees.of(text);
    },
    text,
    statements,
    classes,
    bindings,
    globals,
    error: verdictOf(trees.of(text)).error,
    dynamic: DYNAMIC.test(text),
  };
}

/** Counts lines for offsets that only grow, so that a whole module costs one pass. */
class LineCounter {
  readonly #text: string;
  #offset = 0;
  #line = 1;
  constructor(text: string) {
    this.#text = text;
  }
  at(offset: number): number {
    for (; this.#offset < offset; this.#offset++) {
      if (this.#text[this.#offset] === '\n') this.#line++;
    }
    return this.#line;
  }
}

function describe(node: Node, text: string) {
  const reader = new StatementReader(text);
  reader.read(node);
  const imports: SourceImport[] = [];
  walk(node, (inner) => {
    if (inner.type !== 'ImportStatement') return true;
    imports.push(readImport(inner, text, isNested(inner, node)));
    return false;
  });
  return {
    binds: reader.binds,
    uses: reader.uses,
    touches: reader.touches,
    calls: callsSomething(node),
    imports,
    isMain: MAIN.test(textOf(node, text)),
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

/**
 * The end of the statement's last line, with the comment on it and the indented comments below it:
 * those stand inside its body, though the grammar leaves them out of it.
 */
function statementEnd(text: string, node: Node): number {
  const code = node.from + textOf(node, text).trimEnd().length;
  let end = lineEnd(text, code);
  for (let at = end; at < text.length; ) {
    const next = lineEnd(text, at);
    const line = text.slice(at, next);
    if (/^[ \t]+#/.test(line)) end = next;
    else if (line.trim() !== '') break;
    at = next;
  }
  return end;
}

function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}

function classesIn(statement: Node, text: string): { name: string; node: Node }[] {
  const found: { name: string; node: Node }[] = [];
  walk(statement, (node) => {
    if (node.type === 'FunctionDefinition' || node.type === 'LambdaExpression') return false;
    if (node.type !== 'ClassDefinition') return true;
    const name = child(node, 'VariableName');
    if (name) found.push({ name: nameOf(name, text), node });
    return false;
  });
  return found;
}
