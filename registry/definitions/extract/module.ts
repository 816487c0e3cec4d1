/**
 * A Python module as an import of definitions needs it: its top-level statements in order, with the names that each one
 * binds, reads, changes and imports. Nothing is executed. If a name's scope is uncertain, the name counts as read, so
 * too much code is kept rather than too little.
 */
import { child, type Node, nameOf, type Module as SyntaxModule, textOf, walk } from '../syntax.ts';
import type { Diagnostic } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { type ClassFacts, classFacts } from './class-facts.ts';
import type { SourceImport } from './imports.ts';
import { collectGlobals } from './scope.ts';
import { describe, listOf } from './statement-facts.ts';
import { LineCounter, statementEnd } from './statement-lines.ts';
import type { Texts } from './texts.ts';

export interface Statement {
  /**
   * The offsets at which the lines of the statement begin and end. Blank lines and comments above the statement belong
   * to it.
   */
  from: number;
  to: number;
  /**
   * The syntax node. If the syntax tree is no longer in memory, the text is parsed again. The other fields need no
   * tree.
   */
  readonly node: Node;
  /** The type of the node, and the offsets of its code. */
  type: string;
  start: number;
  end: number;
  /** Whether the statement, or a block in it, calls something and discards the result. */
  calls: boolean;
  /** The line number, counted from 1. */
  line: number;
  /** The names that the statement binds in the module, without duplicates. */
  binds: readonly string[];
  /**
   * The names that the statement reads and does not define itself, without duplicates. In a module without `from m
   * import *`, only names that the module binds are listed.
   */
  uses: readonly string[];
  imports: readonly SourceImport[];
  /** Whether the statement is `if __name__ == '__main__'`, which never runs in a definition. */
  isMain: boolean;
  /** Whether the statement is only a string, which is documentation. */
  isDocstring: boolean;
}

export interface ClassStatement {
  name: string;
  readonly node: Node;
  statement: Statement;
  facts: ClassFacts;
}

export interface Module {
  path: string;
  /** The syntax tree. If the syntax tree is no longer in memory, the text is parsed again. */
  readonly tree: SyntaxModule;
  readonly text: string;
  statements: Statement[];
  readonly classes: ReadonlyMap<string, ClassStatement>;
  /** For each name, the statements that bind it at module level. */
  readonly bindings: ReadonlyMap<string, Statement[]>;
  /**
   * For each name, the statements with functions that declare the name `global`, and so may bind the name when they are
   * called.
   */
  globals: ReadonlyMap<string, Statement[]>;
  /** The classes of the module that code of the same module calls by name. */
  called: ReadonlySet<string>;
  /** The first error that CPython would report. */
  error: Diagnostic | null;
  /**
   * Whether code looks names up when it runs (`globals()`, `exec`, …). If code of a module looks names up, no part of
   * the module can be left out.
   */
  dynamic: boolean;
  /** Whether code may import modules by names in strings. */
  importsByName: boolean;
}

const DYNAMIC = /\b(globals|locals|vars|exec|eval)\s*\(|\bsys\.modules\b|^def __getattr__\b/m;

/**
 * Reads a module. If the text has errors, the result contains what could be recognised.
 * @throws DefinitionError `too_deep`
 */
export function readModule(path: string, texts: Texts): Module {
  const name = (one: string): string => texts.name(one);
  const text = texts.text(path);
  const tree = texts.tree(path);
  const classes = new Map<string, ClassStatement>();
  const globals = new Map<string, Statement[]>();
  const statements: Statement[] = [];
  const source = { path, texts };
  const lines = new LineCounter(text);
  let from = 0;
  for (const node of tree.root.children) {
    if (node.to <= from || textOf(node, text).trim() === '') continue;
    const to = statementEnd(text, node);
    const place = { from, to, line: lines.at(node.from) };
    const statement = new ReadStatement(source, node, place, describe(node, text, name));
    statements.push(statement);
    from = to;
    const declared = new Set<string>();
    collectGlobals(node, text, declared);
    for (const one of declared) note(globals, name(one), statement);
    for (const [at, cls] of classesIn(node, text).entries()) {
      const facts = classFacts(cls.node, text, name);
      classes.set(name(cls.name), new ReadClass(source, name(cls.name), statement, at, facts));
    }
  }
  const hasStar = statements.some(({ imports }) =>
    imports.some(({ clauses }) => clauses.some((clause) => clause.name === '*')),
  );
  const bindings = bindingsOf(statements);
  if (!hasStar) {
    for (const one of statements)
      one.uses = listOf(one.uses.filter((used) => bindings.has(used) || globals.has(used)));
  }
  return new ReadModule(source, {
    statements: statements.slice(),
    classes,
    bindings,
    globals: globals.size === 0 ? NOWHERE : globals,
    called: calledAmong(classes, tree),
    error: verdictOf(tree).error,
    dynamic: DYNAMIC.test(text),
    importsByName: /\bimport_module\b|\b__import__\b/.test(text),
  });
}

/** Where trees and texts that have left memory are read again. */
interface Source {
  path: string;
  texts: Texts;
}

// Statements and classes are JavaScript classes, because a folder has tens of thousands of them. For an object literal
// with a getter V8 makes a hash table of 800 bytes, and the getter's closure would keep the whole text in memory. Names
// are in arrays to save memory: a set of one name takes 240 bytes, an array 60.

class ReadStatement implements Statement {
  from: number;
  to: number;
  line: number;
  type: string;
  start: number;
  end: number;
  calls: boolean;
  binds: readonly string[];
  uses: readonly string[];
  imports: readonly SourceImport[];
  isMain: boolean;
  isDocstring: boolean;
  readonly #source: Source;
  readonly #index: number;

  constructor(
    source: Source,
    { index, type, from, to }: Node,
    place: Pick<Statement, 'from' | 'to' | 'line'>,
    described: ReturnType<typeof describe>,
  ) {
    this.#source = source;
    this.#index = index;
    this.from = place.from;
    this.to = place.to;
    this.line = place.line;
    this.type = type;
    this.start = from;
    this.end = to;
    this.calls = described.calls;
    this.binds = described.binds;
    this.uses = described.uses;
    this.imports = described.imports;
    this.isMain = described.isMain;
    this.isDocstring = described.isDocstring;
  }

  get node(): Node {
    const { texts, path } = this.#source;
    return texts.tree(path).root.children[this.#index] as Node;
  }
}

class ReadClass implements ClassStatement {
  readonly name: string;
  readonly statement: Statement;
  readonly facts: ClassFacts;
  readonly #source: Source;
  readonly #at: number;

  /** @param at index of the class among the classes in its statement */
  constructor(source: Source, name: string, statement: Statement, at: number, facts: ClassFacts) {
    this.#source = source;
    this.name = name;
    this.statement = statement;
    this.#at = at;
    this.facts = facts;
  }

  get node(): Node {
    const { texts, path } = this.#source;
    return classesIn(this.statement.node, texts.text(path))[this.#at]?.node as Node;
  }
}

class ReadModule implements Module {
  readonly statements: Statement[];
  readonly classes: ReadonlyMap<string, ClassStatement>;
  readonly bindings: ReadonlyMap<string, Statement[]>;
  readonly globals: ReadonlyMap<string, Statement[]>;
  readonly called: ReadonlySet<string>;
  readonly error: Diagnostic | null;
  readonly dynamic: boolean;
  readonly importsByName: boolean;
  readonly #source: Source;

  constructor(source: Source, facts: Omit<Module, 'path' | 'tree' | 'text'>) {
    this.#source = source;
    this.classes = facts.classes;
    this.bindings = facts.bindings;
    this.statements = facts.statements;
    this.globals = facts.globals;
    this.called = facts.called;
    this.error = facts.error;
    this.dynamic = facts.dynamic;
    this.importsByName = facts.importsByName;
  }

  get path(): string {
    return this.#source.path;
  }

  get tree(): SyntaxModule {
    return this.#source.texts.tree(this.path);
  }

  get text(): string {
    return this.#source.texts.text(this.path);
  }
}

// Most collections are empty, so all empty collections share one object.
const NO_CLASSES: ReadonlySet<string> = new Set();
const NOWHERE: ReadonlyMap<string, Statement[]> = new Map();

function bindingsOf(statements: readonly Statement[]): Map<string, Statement[]> {
  const bindings = new Map<string, Statement[]>();
  for (const statement of statements)
    for (const name of statement.binds) note(bindings, name, statement);
  return bindings;
}

function note(statements: Map<string, Statement[]>, name: string, statement: Statement): void {
  const known = statements.get(name);
  if (known) known.push(statement);
  else statements.set(name, [statement]);
}

function calledAmong(
  classes: ReadonlyMap<string, ClassStatement>,
  { root, text }: SyntaxModule,
): ReadonlySet<string> {
  const called = new Set<string>();
  walk(root, (node) => {
    const callee = node.type === 'CallExpression' ? node.children[0] : undefined;
    const cls = callee?.type === 'VariableName' ? classes.get(nameOf(callee, text)) : undefined;
    if (cls) called.add(cls.name);
    return true;
  });
  return called.size === 0 ? NO_CLASSES : called;
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
