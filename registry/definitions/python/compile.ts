/** What CPython says when it compiles what its parser took. */

import type { Fault } from './faults.ts';
import type { Node } from './node.ts';
import { placementFault } from './placement.ts';
import { symbolFault } from './symbols.ts';

export interface Compiled {
  readonly fault: Fault | null;
  readonly warnings: readonly Fault[];
}

/** The names first, as CPython makes its symbol table before it writes code. */
export function compileFault(root: Node, text: string): Compiled {
  const fault = symbolFault(root, text);
  const placed = placementFault(root, text);
  return { fault: fault ?? placed.fault, warnings: placed.warnings };
}
