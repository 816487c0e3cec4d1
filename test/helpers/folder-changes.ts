/** Waits for changes in a folder, which the system notifies. */
import { on } from 'node:events';
import { watch } from 'node:fs';

/**
 * Resolves once `holds` returns true. Calls `holds` at once, and then after each change in the folder itself with the
 * name of the changed file. No change after the call is missed.
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
