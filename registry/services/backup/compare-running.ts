/** Compares a backup with the running registry, where rows never change: the audit trail, and which commit a version is. */
import { countAbsent, LASTING_TABLES } from '../../store/dump.ts';
import type { Store } from '../../store/open.ts';
import { Chain } from './chain.ts';
import { tableFile } from './contents.ts';
import { batchesOf, linesOf } from './lines.ts';

/** Returns what the running registry lacks or has otherwise, in words. Throws `Problem` `invalid`. */
export async function compareWithRunning(
  { store }: { store: Store },
  paths: readonly string[],
): Promise<string[]> {
  const chain = await Chain.open(paths);
  try {
    const found: string[] = [];
    for (const table of LASTING_TABLES) {
      const lines = linesOf(chain.last.archive.read(tableFile(table)));
      let count = 0;
      for await (const batch of batchesOf(lines)) {
        count += await countAbsent(store.em(), table, batch);
      }
      if (count > 0) found.push(`${count} rows of ${table} in the backup are not in the registry`);
    }
    return found;
  } finally {
    chain.close();
  }
}
