/** Import statements as the extraction follows and rewrites them. */
import { type Node, readImport as readStatement } from '../syntax.ts';

export interface ImportClause {
  /** `name` of `from m import name`; the dotted module of `import m`; `*`. */
  name: string;
  /** The name that exists afterwards; `*` for a star. */
  bound: string;
}

export interface SourceImport {
  from: number;
  to: number;
  /** Leading dots of `from ..m import x`; 0 for an absolute one. */
  level: number;
  /** The dotted module of a `from` import, empty for `from . import x`; null for `import m`. */
  module: string | null;
  clauses: ImportClause[];
  /** Stands in a function or class, so it binds nothing in the module. */
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

/** `import a.b`, which binds `a` and not the module itself. */
export function bindsParent({ name, bound }: ImportClause): boolean {
  return name.includes('.') && name.split('.')[0] === bound;
}

/** A clause in Python: `name` or `name as other`. */
export function writeClause(name: string, bound: string): string {
  return name === bound ? name : `${name} as ${bound}`;
}
