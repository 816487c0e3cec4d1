/** The errors that CPython's compiler finds in text that its parser has accepted. */

import type { Fault } from './faults.ts';
import type { Node } from './node.ts';
import { placementFault } from './placement.ts';
import { symbolFault } from './symbols.ts';

export interface Compiled {
  readonly fault: Fault | null;
  readonly warnings: readonly Fault[];
}

/** Names are checked first, because CPython builds its symbol table before it generates code. */
export function compileFault(root: Node, text: string): Compiled {
  const fault = symbolFault(root, text);
  const placed = placementFault(root, text);
  return { fault: fault ?? placed.fault, warnings: placed.warnings };
}
