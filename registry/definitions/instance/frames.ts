/** The function and class bodies that run while an instance is created, with their local values and arguments. */

import type { Value } from './values.ts';

/** A called function, or the body of a class. */
export interface Frame {
  readonly path: string;
  readonly text: string;
  /** The local names. Names that are not local belong to the module. */
  readonly own: ReadonlySet<string>;
  readonly values: Map<string, Value>;
  /** The class that contains the code, by its position in the method resolution order. */
  readonly at: number;
  /** Local names that an inner function may bind again. */
  readonly loose: Set<string>;
  readonly kind: 'function' | 'class';
  /** The returned value; undefined if the function has not certainly returned. */
  returned: Value | undefined;
  /** Whether the function may have returned already. In that case, the following code may not run. */
  mayBeOver: boolean;
}

/** The arguments of a call. */
export interface Given {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** Whether `*a` or `**k` may contain further arguments. */
  readonly starred: boolean;
}

/** A new frame. */
export function frameOf(
  path: string,
  text: string,
  at: number,
  kind: Frame['kind'],
  own: ReadonlySet<string>,
): Frame {
  return {
    path,
    text,
    at,
    kind,
    own,
    values: new Map(),
    loose: new Set(),
    returned: undefined,
    mayBeOver: false,
  };
}
