/**
 * Loads ruff so that V8 compiles it once and quickly. By itself V8 compiles what runs often anew, optimised: for ruff that takes
 * more CPU than all the checks of a worker's life and some 240 MB, which the process keeps when the worker has ended.
 */
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['wasm-tier-up', 'wasm-dynamic-tiering'];

/** V8 reads the flags when a module is made, and they are those of the whole process: so they are set back at once. */
export function loadRuff(): void {
  for (const flag of FLAGS) setFlagsFromString(`--no-${flag}`);
  try {
    createRequire(import.meta.url)('@astral-sh/ruff-wasm-nodejs');
  } finally {
    for (const flag of FLAGS) setFlagsFromString(`--${flag}`);
  }
}
