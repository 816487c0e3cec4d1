/** Classes that look like instruments and cannot be taken as they stand: they are told of. */
import { argumentsOf, child, type Node, nameOf, walk } from '../syntax.ts';
import type { Bases } from './bases.ts';
import type { SourceFolder } from './folder.ts';
import type { Skipped } from './types.ts';

const INSIDE =
  'it stands inside a function or another class: move it to the level of the module to import it';
const COMPUTED =
  'its base class is computed, so that nobody knows it without running the file: name it in the class statement';

/** Of these modules: instrument classes inside functions and classes, and classes with computed bases where PyBirch is used. */
export function unreached(folder: SourceFolder, bases: Bases, paths: readonly string[]): Skipped[] {
  return paths.flatMap((path) => [
    ...nested(folder, bases, path),
    ...computed(folder, bases, path),
  ]);
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
          const line = text.slice(0, node.from).split(/\r\n|\n|\r/).length;
          found.push({
            path,
            class: name ? nameOf(name, text) : '?',
            kind: 'lost',
            line,
            reason: INSIDE,
          });
        }
      }
      return true;
    });
  }
  return found;
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
