/** What CPython's compiler (Python/compile.c) remembers about the function or class that it compiles. */

import type { Node } from './node.ts';

export type Block = 'loop' | 'finally' | 'group' | 'other';

/** The function or class that contains a statement. */
export interface Frame {
  readonly kind: 'module' | 'class' | 'function' | 'lambda' | 'comprehension';
  readonly isAsync: boolean;
  readonly blocks: Block[];
  yields: boolean;
  /** The first `return` statement with a value; null if there has been none so far. */
  returned: Node | null;
  /** Whether this is a comprehension that awaits. */
  awaits: boolean;
}

export function frame(kind: Frame['kind'], isAsync = false): Frame {
  return { kind, isAsync, blocks: [], yields: false, returned: null, awaits: false };
}
