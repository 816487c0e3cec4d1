/**
 * Memory settings that a process must get when it starts (docs/decisions/0041-memory-of-the-server.md). This file is
 * JavaScript and imports none of our modules, because it runs before the compile cache is turned on.
 */
import { setFlagsFromString } from 'node:v8';

const SEMI_SPACE = '--max-semi-space-size';
/** In MiB. Without this flag, V8 would let new objects of the main thread take 2 × 64 MiB. */
const FLAGS = [`${SEMI_SPACE}=4`];

/**
 * Settings of glibc's malloc (mallopt(3)). Without these settings, malloc keeps an arena for nearly every thread. And
 * after malloc has freed a large block, it no longer gives blocks of this size back to the system. Other C libraries
 * ignore these variables.
 */
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' };

/**
 * Replaces this process by one with the same id and with these settings. Does nothing if the process already has these
 * settings, or if the operator has chosen the size of V8's young generation. On Windows a process cannot be replaced,
 * and a channel to the parent process would be lost. In these two cases, only the settings apply that can be changed
 * after the start.
 */
export function useMemorySettings() {
  // V8 also accepts names with underscores.
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
    .join(' ')
    .replaceAll('_', '-');
  if (!given.includes(SEMI_SPACE) && process.platform !== 'win32' && !process.connected) {
    const command = [process.execPath, ...FLAGS, ...process.execArgv, ...process.argv.slice(1)];
    process.execve?.(process.execPath, command, { ...MALLOC, ...process.env });
  }
  // Resets the flag, because it would override the limits of threads that start later.
  setFlagsFromString(`${SEMI_SPACE}=0`);
}
