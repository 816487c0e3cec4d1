/** Import statements: read from the syntax tree, and written anew with other modules in them. */
import type { SyntaxNode } from '@lezer/common';

export interface ImportClause {
  /** `name` of `from m import name`; the dotted module of `import m`; `*`. */
  name: string;
  /** The name after `as`. */
  as: string | null;
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
export function readImport(node: SyntaxNode, text: string, nested: boolean): SourceImport {
  const result: SourceImport = {
    from: node.from,
    to: node.to,
    level: 0,
    module: null,
    clauses: [],
    nested,
  };
  let part: 'module' | 'names' = 'names';
  let clause: ImportClause | null = null;
  let alias = false;
  for (let child = node.firstChild; child; child = child.nextSibling) {
    const token = text.slice(child.from, child.to);
    if (child.name === 'from') {
      part = 'module';
      result.module = '';
    } else if (child.name === 'import') part = 'names';
    else if (part === 'module') {
      // The tokenizer may give `...` as one token.
      if (/^\.+$/.test(token) && result.module === '') result.level += token.length;
      else if (child.name !== 'Comment') result.module += token;
    } else if (child.name === 'as') alias = true;
    else if (child.name === ',') clause = null;
    else if (child.name === 'VariableName' && alias && clause) {
      clause.as = token;
      alias = false;
    } else if (child.name === 'VariableName' || token === '.' || token === '*') {
      if (clause) clause.name += token;
      else {
        clause = { name: token, as: null };
        result.clauses.push(clause);
      }
    }
  }
  return result;
}

/** The name that a clause binds; null for `*`. */
export function boundName(statement: SourceImport, clause: ImportClause): string | null {
  if (clause.name === '*') return null;
  if (clause.as !== null) return clause.as;
  return statement.module === null ? (clause.name.split('.')[0] ?? null) : clause.name;
}

/** A clause in Python: `name` or `name as other`. */
export function writeClause(name: string, bound: string): string {
  return name === bound ? name : `${name} as ${bound}`;
}
