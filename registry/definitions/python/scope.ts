/** Scopes of names: the blocks of CPython's symbol table (`_symtable_entry` of Include/internal/pycore_symtable.h). */

import type { Node } from './node.ts';

export type ScopeKind =
  | 'module'
  | 'class'
  | 'function'
  | 'lambda'
  | 'comprehension'
  /** An annotation, or the bound or value of a type parameter or type alias (PEP 649, 695). */
  | 'annotation'
  | 'types';

/** How a name is used in one scope. */
export interface Use {
  parameter?: boolean;
  typeParameter?: boolean;
  bound?: boolean;
  used?: boolean;
  annotated?: boolean;
  global?: boolean;
  nonlocal?: Node;
  /** Whether the name is the variable of a comprehension's loop. */
  loop?: boolean;
}

export class Scope {
  readonly kind: ScopeKind;
  readonly parent: Scope | null;
  readonly names = new Map<string, Use>();
  /** The name of an annotation scope in error messages. */
  readonly what: string;
  /** Whether the code is inside the iterable of a comprehension. */
  iterating: boolean;

  constructor(kind: ScopeKind, parent: Scope | null, what = '') {
    this.kind = kind;
    this.parent = parent;
    this.what = what;
    this.iterating = parent?.iterating ?? false;
  }

  of(name: string): Use {
    const use = this.names.get(name) ?? {};
    this.names.set(name, use);
    return use;
  }
}

/** Whether an enclosing function binds the name, and as which kind of name. */
export function enclosing(scope: Scope, name: string): 'variable' | 'type parameter' | null {
  for (let at = scope.parent; at && at.kind !== 'module'; at = at.parent) {
    if (at.kind === 'class') {
      if (name === '__class__' || name === '__classdict__') return 'variable';
      continue;
    }
    const use = at.names.get(name);
    if (use?.global) return null;
    if (use?.typeParameter) return 'type parameter';
    if (use?.bound || use?.parameter || use?.nonlocal) return 'variable';
  }
  return null;
}
