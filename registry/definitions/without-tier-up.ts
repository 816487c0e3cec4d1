/**
 * Runs WebAssembly that V8 compiles once and quickly. By itself V8 compiles what runs often anew, optimised: for ruff that takes more
 * CPU than the checks of a worker's life, and some 300 MB, which the process keeps when the worker has ended.
 */
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['wasm-tier-up', 'wasm-dynamic-tiering'];

/**
 * What `work` gives. V8 compiles a function when it is first called, and reads the flags then: so they are set around each call,
 * not only while the module is loaded. They are those of the whole process, so they are set back at once.
 */
export function withoutTierUp<Value>(work: () => Value): Value {
  for (const flag of FLAGS) setFlagsFromString(`--no-${flag}`);
  try {
    return work();
  } finally {
    for (const flag of FLAGS) setFlagsFromString(`--${flag}`);
  }
}
