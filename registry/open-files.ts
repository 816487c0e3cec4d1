/** How many files and connections this process may have open. */
import { readFileSync } from 'node:fs';

/**
 * Files that the registry may always open besides the connections of clients: repositories, connections to the database
 * and to git. A server at rest has 35 of them open.
 */
const RESERVED = 80;
/** The embedded database keeps its own files open: 55 at rest. */
const RESERVED_EMBEDDED = RESERVED + 100;
/** With fewer connections, a few browsers would use all of them. */
const LEAST_CONNECTIONS = 16;
/** With a large limit, this share of it is for files. Every request may read files and run git. */
const SHARE_OF_FILES = 1 / 4;

/** With fewer open files, the registry cannot work. */
export const leastOpenFiles = (isEmbedded: boolean): number =>
  (isEmbedded ? RESERVED_EMBEDDED : RESERVED) + LEAST_CONNECTIONS;

/**
 * The limit on open files of this process. Node has raised the soft limit to the hard limit. Returns undefined if there is
 * no limit, or if the system does not say.
 */
export function openFileLimit(): number | undefined {
  const limit = Number(softLimit());
  return Number.isSafeInteger(limit) ? limit : undefined;
}

function softLimit(): string | number | undefined {
  try {
    return /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  } catch {
    // Only Linux has this file. Reading it takes less time than a report, which also lists all threads.
    const { userLimits } = process.report.getReport() as {
      userLimits?: { open_files?: { soft?: string | number } };
    };
    return userLimits?.open_files?.soft;
  }
}

/** How many connections of clients may be open at once, so that enough files remain for the rest of the server. */
export function connectionLimit(openFiles: number | undefined, isEmbedded: boolean): number {
  if (openFiles === undefined) return Number.POSITIVE_INFINITY;
  const reserved = leastOpenFiles(isEmbedded) - LEAST_CONNECTIONS;
  const files = Math.max(reserved, Math.ceil(openFiles * SHARE_OF_FILES));
  return Math.max(openFiles - files, LEAST_CONNECTIONS);
}
