/** Import statements of Python, in a form that is easy to follow and to rewrite. */
import { type Node, readImport as readStatement } from '../syntax.ts';

export interface ImportClause {
  /** `name` in `from m import name`, the dotted module in `import m`, or `*`. */
  name: string;
  /** The name that the clause binds; `*` for a star import. */
  bound: string;
}

export interface SourceImport {
  from: number;
  to: number;
  /** The number of leading dots in `from ..m import x`; 0 for an absolute import. */
  level: number;
  /**
   * The dotted module of a `from` import. The text is empty for `from . import x`; the value is null for `import m`.
   */
  module: string | null;
  clauses: ImportClause[];
  /** Whether the import is inside a function or class, where it binds nothing in the module. */
  nested: boolean;
}

/** Reads an ImportStatement node. */
export function readImport(node: Node, text: string, nested: boolean): SourceImport {
  const { level, module, names } = readStatement(node, text);
  const isFrom = node.children[0]?.type === 'from';
  return {
    from: node.from,
    to: node.to,
    level,
    module: isFrom ? (module ?? '') : null,
    clauses: names.map(({ name, bound }) => ({ name, bound })),
    nested,
  };
}

/** Whether the clause is like `import a.b`, which binds `a` and not the module itself. */
export function bindsParent({ name, bound }: ImportClause): boolean {
  return name.includes('.') && name.split('.')[0] === bound;
}

/** Writes a clause in Python: `name` or `name as other`. */
export function writeClause(name: string, bound: string): string {
  return name === bound ? name : `${name} as ${bound}`;
}
