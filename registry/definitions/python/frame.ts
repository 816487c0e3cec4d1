/** What the compiler (Python/compile.c) tracks for the current function or class. */

import type { Node } from './node.ts';

export type Block = 'loop' | 'finally' | 'group' | 'other';

/** The function or class that contains a statement. */
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
