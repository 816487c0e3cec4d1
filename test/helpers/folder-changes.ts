/** Waits for changes in a folder with the notifications of the operating system. */
import { on } from 'node:events';
import { watch } from 'node:fs';

/**
 * Resolves once `holds` returns true. Calls `holds` at once, and then after each change in the folder itself with the
 * name of the changed file. The function misses no change after the call.
 */
export async function untilChanged(
  folder: string,
  holds: (changed: string | null) => Promise<boolean>,
): Promise<void> {
  const watcher = watch(folder);
  try {
    const changes = on(watcher, 'change');
    if (await holds(null)) return;
    for await (const [, changed] of changes) if (await holds(changed)) return;
  } finally {
    watcher.close();
  }
}
