/** Imports by a name in a string: `importlib.import_module("helpers.scpi")`, `__import__("scpi")`. */
import { stringValue } from '../literals.ts';
import { argumentsOf, dottedName, type Node, textOf, walk } from '../syntax.ts';
import { importOf, type SourceFolder } from './folder.ts';
import type { Module, Statement } from './module.ts';

export interface NamedImport {
  /** The code to replace if the module gets another name: the call, or the assignment if its value is just the call. */
  from: number;
  to: number;
  line: number;
  text: string;
  /** The name that the assignment binds; null if the call is not the value of an assignment. */
  bound: string | null;
  /** The called function as written. */
  callee: string;
  /** The file of the module. The value is undefined for a module outside the folder, null if code computes the name. */
  path: string | undefined | null;
  /** The number of leading dots of the module's name. */
  level: number;
}

/** The imports by name in a statement, in the order of the source. */
export function namedImports(
  folder: SourceFolder,
  module: Module,
  statement: Statement,
): NamedImport[] {
  const { text, path } = module;
  if (!module.importsByName) return [];
  const found: NamedImport[] = [];
  walk(statement.node, (node) => {
    const [callee, list] = node.type === 'CallExpression' ? node.children : [];
    const kind = callee && importerOf(callee, module);
    if (!callee || !list || !kind) return true;
    const { level, dotted, isBare } = nameIn(list, text);
    const target = dotted === undefined ? null : folder.find(path, level, dotted);
    // `__import__("a.b")` returns `a`. With a list of names as a further argument, `__import__` returns `a.b`.
    const isTop = target && kind.endsWith('__import__') && isBare && dotted?.includes('.');
    const isAlone = node.parent?.type === 'AssignStatement' && node.parent.children.length === 3;
    const name = isAlone ? node.parent?.children[0] : undefined;
    const place = name?.type === 'VariableName' ? (node.parent as Node) : node;
    found.push({
      ...{ from: place.from, to: place.to, level },
      line: text.slice(0, node.from).split('\n').length,
      text: textOf(node, text),
      bound: place === node ? null : textOf(name as Node, text),
      callee: textOf(callee, text),
      path: isTop ? null : target,
    });
    return true;
  });
  return found;
}

/** The import function that an expression refers to; undefined for any other expression. */
function importerOf(callee: Node, module: Module): string | undefined {
  const dotted = dottedName(callee, module.text);
  if (dotted === null) return undefined;
  const [first = '', ...rest] = dotted.split('.');
  const [statement] = module.bindings.get(first) ?? [];
  const bound = statement && importOf(statement, first);
  if (statement && !bound) return undefined;
  const start = bound ? whole(bound.statement.module, bound.clause) : first;
  const name = [start, ...rest].join('.');
  return /^(?:builtins\.)?__import__$|^(?:importlib\.)?import_module$/.exec(name)?.[0];
}

const whole = (module: string | null, { name, bound }: { name: string; bound: string }): string =>
  module === null ? (name.startsWith(`${bound}.`) ? bound : name) : `${module}.${name}`;

/** The module's name in the arguments. `isBare` is true if no further argument follows the name. */
function nameIn(list: Node, text: string) {
  const { positional, keywords } = argumentsOf(list, text);
  const [node = keywords.get('name'), second = keywords.get('package')] = positional;
  const value = node && constant(node, text);
  if (value === undefined) return { level: 0, dotted: undefined, isBare: false };
  const [, dots = '', rest = ''] = /^(\.*)(.*)$/s.exec(value) ?? [];
  const level = dots.length;
  const isBare = positional.length + keywords.size === 1;
  const parts = (second && constant(second, text))?.split('.');
  if (level === 0 || !parts) return { level, dotted: rest, isBare };
  return {
    level: 0,
    dotted: [...parts.slice(0, parts.length - level + 1), rest].join('.'),
    isBare,
  };
}

function constant(node: Node, text: string): string | undefined {
  if (node.type === 'String') return stringValue(textOf(node, text));
  if (node.type !== 'ContinuedString') return undefined;
  const parts = node.children.map((one) => constant(one, text));
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** Writes the statement that imports the module under its name in the definition. */
export function writeNamed({ bound, callee }: NamedImport, name: string): string {
  if (bound !== null) return name === bound ? `import ${name}` : `import ${name} as ${bound}`;
  if (callee.endsWith('__import__')) return `${callee}("${name}")`;
  // On a lab computer a definition is a package. Elsewhere the modules of a definition are top-level modules, and
  // `__package__` is empty.
  return `${callee}(f"{__package__}.${name}".lstrip("."))`;
}
