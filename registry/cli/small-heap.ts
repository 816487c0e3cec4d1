/** Settings of V8 for a process that runs one command. */
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the heap near what is in use. By itself V8 lets the young generation grow to 48 MiB and the heap to a multiple of
 * what is in use before it collects: an import of 400 definitions then takes some 80 MB more, and less CPU. A server, which
 * answers requests, does not call this.
 */
export function keepHeapSmall(): void {
  for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=30'])
    setFlagsFromString(flag);
}
