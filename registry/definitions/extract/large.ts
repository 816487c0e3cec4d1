/** Files that are too large for a definition, and the messages about them. */
import type { SourceFile } from './types.ts';

/** Whether the file is too large. If the size of the file is unknown, the file is read. */
export function isTooLarge(
  file: SourceFile | undefined,
  maxFileBytes: number | undefined,
): boolean {
  return file?.size === undefined || maxFileBytes === undefined
    ? file?.bytes === null
    : file.size > maxFileBytes;
}

/** The reason in words: `too large: it has 3.1 MB, a file may have 1 MB`. */
export function tooLarge(file: SourceFile | undefined, maxFileBytes: number | undefined): string {
  const sizes =
    file?.size === undefined || maxFileBytes === undefined
      ? ''
      : `: it has ${inWords(file.size)}, a file may have ${inWords(maxFileBytes)}`;
  return `too large${sizes}`;
}

function inWords(bytes: number): string {
  const [unit, size]: [string, number] = bytes < 1 << 20 ? ['KB', 1 << 10] : ['MB', 1 << 20];
  return `${Math.ceil((10 * bytes) / size) / 10} ${unit}`;
}

/**
 * Why the file system does not let the registry read a file or folder, with advice.
 * @throws the error if it does not come from the file system
 */
export function whyUnread(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return `cannot be read (${error.code}): give the importing account permission to read it, then import again`;
  if (error.code === 'ENOENT') return 'deleted while the folder was read';
  return `cannot be read: ${error.message}`;
}
