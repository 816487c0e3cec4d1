/** How many files and connections this process may have open. */
import { readFileSync } from 'node:fs';

/**
 * Connections that the registry may always open besides those of clients: files, the database, git. A server at rest has
 * about 40 files open.
 */
const RESERVED = 80;
/** With a large limit, this share of it is for files. Every request may read files and run git. */
const SHARE_OF_FILES = 1 / 4;

/** With fewer open files, the registry cannot work. */
export const LEAST_OPEN_FILES = RESERVED + 32;

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
export function connectionLimit(openFiles = openFileLimit()): number {
  if (openFiles === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(openFiles - Math.max(RESERVED, Math.ceil(openFiles * SHARE_OF_FILES)), 16);
}
