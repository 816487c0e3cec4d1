/**
 * Memory settings that a process can only get when it starts (docs/decisions/0041-memory-of-the-server.md).
 * JavaScript, and without imports of ours: it runs before the compile cache is there.
 */
import { setFlagsFromString } from 'node:v8';

const SEMI_SPACE = '--max-semi-space-size';
/** In MiB. V8 would let the young generation of the main thread grow to 2 × 64 MiB. */
const FLAGS = [`${SEMI_SPACE}=4`];

/**
 * glibc's malloc (mallopt(3)) otherwise keeps an arena for nearly each thread, and learns from the first large block that
 * was freed to keep blocks of that size. Other C libraries ignore these names.
 */
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' };

/**
 * Replaces this process by one of the same id with these settings, unless it has them, or the operator chose the size
 * of the young generation. Where that is not possible (Windows, or with a channel to the parent process, which would be
 * lost), only the settings that can be changed later apply.
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
  // This flag would override the limits of threads that start later.
  setFlagsFromString(`${SEMI_SPACE}=0`);
  // V8 would wait until the old generation is several times as large as what is in use.
  setFlagsFromString('--heap-growing-percent=30');
}
