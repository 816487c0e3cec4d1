/**
 * Lets V8 compile WebAssembly only once, quickly. By default V8 compiles hot code again with optimisations. For ruff,
 * compiling again takes more CPU than all checks of a worker, and about 300 MB that the process keeps after the worker
 * has ended.
 */
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['wasm-tier-up', 'wasm-dynamic-tiering'];

/**
 * Calls `work` with the flags set and returns its result. V8 compiles each function at its first call and reads the
 * flags then. So the flags are set around every call, and not only while the module is loaded. The flags apply to the
 * whole process, so they are reset after each call.
 */
export function withoutTierUp<Value>(work: () => Value): Value {
  for (const flag of FLAGS) setFlagsFromString(`--no-${flag}`);
  try {
    return work();
  } finally {
    for (const flag of FLAGS) setFlagsFromString(`--${flag}`);
  }
}
