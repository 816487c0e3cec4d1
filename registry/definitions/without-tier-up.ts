/**
 * Runs WebAssembly that V8 compiles once and quickly. By default V8 recompiles hot code with optimisation:
 * for ruff this takes more CPU than the checks in a worker's life, and about 300 MB that the process keeps
 * after the worker has ended.
 */
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['wasm-tier-up', 'wasm-dynamic-tiering'];

/**
 * The result of `work`. V8 compiles a function when it is first called and reads the flags then, so they are
 * set around each call, not only while the module is loaded. The flags apply to the whole process, so they
 * are reset at once.
 */
export function withoutTierUp<Value>(work: () => Value): Value {
  for (const flag of FLAGS) setFlagsFromString(`--no-${flag}`);
  try {
    return work();
  } finally {
    for (const flag of FLAGS) setFlagsFromString(`--${flag}`);
  }
}
