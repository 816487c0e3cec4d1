/** What the compiler (Python/compile.c) keeps of the function or class that it is in. */

import type { Node } from './node.ts';

export type Block = 'loop' | 'finally' | 'group' | 'other';

/** What a statement stands in, up to the next function or class. */
export interface Frame {
  readonly kind: 'module' | 'class' | 'function' | 'lambda' | 'comprehension';
  readonly isAsync: boolean;
  readonly blocks: Block[];
  yields: boolean;
  /** A `return` with a value. */
  returned: Node | null;
  /** A comprehension that awaits. */
  awaits: boolean;
}

export function frame(kind: Frame['kind'], isAsync = false): Frame {
  return { kind, isAsync, blocks: [], yields: false, returned: null, awaits: false };
}
