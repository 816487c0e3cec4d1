/** Finds out whether an error means that a disk is full or broken, in errors of files, of git and of the database. */
import { Problem } from './errors.ts';

/** A full disk, a quota, a limit on the size of files (errno(3)), and PostgreSQL's disk_full. */
const FULL = /^(ENOSPC|EDQUOT|EFBIG|53100)$/;
const FULL_IN_WORDS = /No space left on device|Disk quota exceeded|File too large/;
const BROKEN = /^(EIO|EROFS|58030)$/;
const BROKEN_IN_WORDS = /Input\/output error|Read-only file system/;
/** The most causes of one error that are looked at. */
const MOST_CAUSES = 8;

export interface DiskFault {
  /** Whether the disk has no space, or cannot be read or written at all. */
  kind: 'full' | 'broken';
  where: 'database' | 'repositories';
}

/** Returns undefined if the error has nothing to do with a disk. */
export function diskFault(error: unknown): DiskFault | undefined {
  const causes = [...causesOf(error)];
  const where = causes.some(isOfDatabase) ? 'database' : 'repositories';
  const is = (codes: RegExp, words: RegExp) =>
    causes.some(({ code = '', message }) => codes.test(code) || words.test(message));
  if (is(FULL, FULL_IN_WORDS)) return { kind: 'full', where };
  if (is(BROKEN, BROKEN_IN_WORDS)) return { kind: 'broken', where };
  return undefined;
}

/** Returns the problem that a caller gets, or undefined if the error has nothing to do with a disk. */
export function diskProblem(cause: unknown): Problem | undefined {
  const fault = diskFault(cause);
  if (fault === undefined) return undefined;
  const { kind, where } = fault;
  return kind === 'full'
    ? new Problem(
        'storage_full',
        `The disk of the ${where} is full. Tell a site admin. When there is space again, check whether your change was saved before you repeat it.`,
        undefined,
        { cause },
      )
    : new Problem(
        'unavailable',
        `The disk of the ${where} cannot be read or written. Tell a site admin. The log of the registry says why.`,
        undefined,
        { cause },
      );
}

function* causesOf(error: unknown): Generator<NodeJS.ErrnoException> {
  let at = error;
  for (let n = 0; n < MOST_CAUSES && at instanceof Error; n += 1) {
    yield at;
    at = at.cause;
  }
}

/** Whether PostgreSQL reports the error: it has an SQLSTATE, which is five digits and letters. */
const isOfDatabase = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  /^[0-9][0-9A-Z]{4}$/.test(code);
