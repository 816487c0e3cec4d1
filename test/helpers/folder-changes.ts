/** Waits for changes in a folder by the system's notifications. */
import { on } from 'node:events';
import { watch } from 'node:fs';

/**
 * Resolves once `holds`. It is asked at once and after each change in the folder itself, with the name of the file that
 * changed. Changes count from the call on.
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
