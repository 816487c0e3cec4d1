/** Reports classes that look like instruments but cannot be imported as they are. */
import { stringValue } from '../literals.ts';
import {
  argumentsOf,
  child,
  dottedName,
  groups,
  type Node,
  nameOf,
  textOf,
  walk,
} from '../syntax.ts';
import type { Bases } from './bases.ts';
import type { SourceFolder } from './folder.ts';
import type { Skipped } from './types.ts';

const INSIDE =
  'it is inside a function or another class: move it to the top level of the module to import it';
const COMPUTED =
  'its base class is computed, so only running the file would show it: name the base class in the class statement';

const CALLED =
  'a call creates it, but only class statements can be imported: write it as a class statement';

/**
 * The classes of this module that cannot be imported: instrument classes inside functions and classes, and classes
 * created by a call. In a module that uses PyBirch, classes with computed bases count too.
 */
export function unreached(folder: SourceFolder, bases: Bases, path: string): Skipped[] {
  return [
    ...nested(folder, bases, path),
    ...called(folder, bases, path),
    ...computed(folder, bases, path),
  ];
}

function nested(folder: SourceFolder, bases: Bases, path: string): Skipped[] {
  const { text, statements } = folder.module(path);
  if (!/^[ \t]+class\s/m.test(text)) return [];
  const found: Skipped[] = [];
  for (const statement of statements) {
    walk(statement.node, (node) => {
      if (node.type === 'ClassDefinition' && isInside(node)) {
        const list = child(node, 'ArgList');
        if (list && bases.isInstrument(path, argumentsOf(list, text).positional)) {
          const name = child(node, 'VariableName');
          const line = lineOf(node, text);
          const own = name ? nameOf(name, text) : '?';
          found.push({ path, class: own, kind: 'lost', line, reason: INSIDE });
        }
      }
      return true;
    });
  }
  return found;
}

const lineOf = ({ from }: Node, text: string): number =>
  text.slice(0, from).split(/\r\n|\n|\r/).length;

/** Classes that a call creates from a name and bases, such as `Meter = type("Meter", (Base,), {})`. */
function called(folder: SourceFolder, bases: Bases, path: string): Skipped[] {
  const { text, tree } = folder.module(path);
  if (!/\btype\b|\bnew_class\b|\bmake_dataclass\b/.test(text)) return [];
  const found: Skipped[] = [];
  walk(tree.root, (node) => {
    const [callee, list] = node.type === 'CallExpression' ? node.children : [];
    if (!callee || !list || !makesClass(callee, text)) return true;
    const { positional, keywords } = argumentsOf(list, text);
    const given = keywords.get('bases') ?? positional[1];
    const named = given?.type === 'TupleExpression' ? groups(given.children).flat() : [];
    if (!bases.isInstrument(path, named)) return true;
    const [first] = positional;
    const name = first?.type === 'String' ? stringValue(textOf(first, text)) : undefined;
    const line = lineOf(node, text);
    found.push({ path, class: name ?? '?', kind: 'lost', line, reason: CALLED });
    return true;
  });
  return found;
}

/**
 * Whether a call of this expression creates a class: `type`, `types.new_class`, or the metaclass of a class
 * (`type(Base)`).
 */
function makesClass(callee: Node, text: string): boolean {
  if (callee.type === 'CallExpression')
    return callee.children[0] !== undefined && dottedName(callee.children[0], text) === 'type';
  return /^(?:(?:builtins\.)?type|(?:\w+\.)*(?:new_class|make_dataclass))$/.test(
    dottedName(callee, text) ?? '',
  );
}

function isInside(node: Node): boolean {
  for (let above = node.parent; above; above = above.parent)
    if (/^(Class|Function)Definition$/.test(above.type)) return true;
  return false;
}

function computed(folder: SourceFolder, bases: Bases, path: string): Skipped[] {
  const { classes, statements } = folder.module(path);
  const usesPybirch = statements.some(({ imports }) =>
    imports.some(({ module, clauses }) => /^pybirch\b/.test(module ?? clauses[0]?.name ?? '')),
  );
  if (!usesPybirch) return [];
  return [...classes].flatMap(([name, cls]) =>
    bases.reached(path, name) === null && bases.isComputed(path, name)
      ? [{ path, class: name, kind: 'lost' as const, line: cls.statement.line, reason: COMPUTED }]
      : [],
  );
}
