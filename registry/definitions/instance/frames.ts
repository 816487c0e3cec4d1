/** Frames in which code runs while an instance is created, and their arguments. */

import type { Value } from './values.ts';

/** A called function, or the body of a class. */
export interface Frame {
  readonly path: string;
  readonly text: string;
  /** Local names; all others belong to the module. */
  readonly own: ReadonlySet<string>;
  readonly values: Map<string, Value>;
  /** The class whose body contains the code, as its position in the method resolution order. */
  readonly at: number;
  /** Names that an inner function may rebind. */
  readonly loose: Set<string>;
  readonly kind: 'function' | 'class';
  /** The returned value, if it certainly returned. */
  returned: Value | undefined;
  /** It may have returned, so the code that follows may not run. */
  mayBeOver: boolean;
}

/** The arguments of a call. */
export interface Given {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** `*a` or `**k` hides further arguments. */
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
