/** Where code runs while an instance is made, and what it is given. */

import type { Value } from './values.ts';

/** Where code runs: a function that was called, or the body of a class. */
export interface Frame {
  readonly path: string;
  readonly text: string;
  /** Names that belong to this frame; all others are the module's. */
  readonly own: ReadonlySet<string>;
  readonly values: Map<string, Value>;
  /** The class whose body the code stands in, and its place in the line of ancestors. */
  readonly at: number;
  /** Names that a function inside may give another value. */
  readonly loose: Set<string>;
  readonly kind: 'function' | 'class';
  /** What it returned, where it surely did. */
  returned: Value | undefined;
  /** It may have returned, so that what follows may not run. */
  mayBeOver: boolean;
}

/** What a call is given. */
export interface Given {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** `*a` or `**k` hide what else it is given. */
  readonly starred: boolean;
}

/** A frame in which nothing has run yet. */
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
