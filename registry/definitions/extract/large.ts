/** Files too large for a definition, and the messages about them. */
import type { SourceFile } from './types.ts';

/** Reads the file only if its size is unknown. */
export function isTooLarge(
  file: SourceFile | undefined,
  maxFileBytes: number | undefined,
): boolean {
  return file?.size === undefined || maxFileBytes === undefined
    ? file?.bytes === null
    : file.size > maxFileBytes;
}

/** `larger than a file may be: 3.1 MB of 1 MB`. */
export function tooLarge(file: SourceFile | undefined, maxFileBytes: number | undefined): string {
  const sizes =
    file?.size === undefined || maxFileBytes === undefined
      ? ''
      : `: ${inWords(file.size)} of ${inWords(maxFileBytes)}`;
  return `larger than a file may be${sizes}`;
}

function inWords(bytes: number): string {
  const [unit, size]: [string, number] = bytes < 1 << 20 ? ['KB', 1 << 10] : ['MB', 1 << 20];
  return `${Math.ceil((10 * bytes) / size) / 10} ${unit}`;
}

/**
 * The reason why the file system refuses a file or folder, with advice.
 * @throws the error if it is not from the file system
 */
export function whyUnread(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return `cannot be read (${error.code}): let the account that imports read it, and import again`;
  if (error.code === 'ENOENT') return 'vanished while the folder was read';
  return `cannot be read: ${error.message}`;
}
