/** Checks names of definitions and paths of files, so that both work on every lab computer. */
import { hiddenIn } from './hidden.ts';

/** Python's reserved words (3.8 to 3.14). Soft keywords such as `match` may be names. */
const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally ' +
    'for from global if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

/** Windows reserves these device names, in any case and with any extension ("Naming Files", Win32 docs). */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** Code points that HFS+ ignores in file names: there, `.g\u200cit` is the same file as `.git`. */
const HFS_IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

const MAX_PATH = 200;
const MAX_SEGMENT_BYTES = 100;

/** Why a definition may not have this name; null if it may. */
export function checkName(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name))
    return 'A name must be a Python class name: at most 100 letters, digits and underscores, and no digit at the start';
  if (KEYWORDS.has(name)) return `${name} is a Python keyword`;
  if (DEVICE.test(name)) return `${name} is the name of a device on Windows`;
  return null;
}

/** Why a file of a definition may not have this path; null if it may. */
export function checkPath(path: string): string | null {
  if (path === '') return 'A path cannot be empty';
  if (path.length > MAX_PATH) return `A path has at most ${MAX_PATH} characters`;
  if (!path.isWellFormed()) return 'A path must be well-formed Unicode';
  if (path.includes('\\')) return 'Folders are separated by /, not by \\';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'A path is relative';
  for (const segment of path.split('/')) {
    const why = checkSegment(segment);
    if (why !== null) return why;
  }
  return null;
}

/**
 * The problems of the paths, each alone and all together; empty if there are no problems. Two paths clash if they are
 * one file on a disk that ignores case (Windows, macOS) or compares canonically equivalent names (APFS). A file may not
 * also be a folder.
 */
export function checkPaths(paths: Iterable<string>): { path: string; message: string }[] {
  const problems: { path: string; message: string }[] = [];
  const seen = new Map<string, { path: string; isFile: boolean }>();
  for (const path of paths) {
    const message = checkPath(path) ?? clash(seen, path);
    if (message !== null) problems.push({ path, message });
  }
  return problems;
}

/**
 * Adds a path and its parent folders to `seen`. Returns a message if the path clashes with one that was added before.
 */
function clash(seen: Map<string, { path: string; isFile: boolean }>, path: string): string | null {
  const parts = path.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const here = { path: parts.slice(0, depth).join('/'), isFile: depth === parts.length };
    const other = seen.get(folded(here.path));
    if (other === undefined) seen.set(folded(here.path), here);
    else if (other.isFile && here.isFile)
      return `${path} and ${other.path} are the same file on Windows and macOS`;
    else if (other.isFile !== here.isFile) return `${other.path} cannot be a file and a folder`;
    else if (other.path !== here.path)
      return `${here.path} and ${other.path} are the same folder on Windows and macOS`;
  }
  return null;
}

/**
 * Maps paths that differ only in case to the same text. Converting to upper case first makes ß equal to ss and ς equal
 * to σ, as in full case folding (Unicode, CaseFolding.txt).
 */
export const folded = (path: string): string =>
  path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

function checkSegment(segment: string): string | null {
  if (segment === '') return 'A path cannot contain empty parts';
  if (segment === '.' || segment === '..') return `A path cannot contain the part ${segment}`;
  const hidden = hiddenIn(segment);
  if (hidden !== null) return `A path cannot contain ${hidden}, which is invisible`;
  if (/[<>:"|?*]/.test(segment)) return 'Windows does not allow < > : " | ? * in file names';
  if (/[. ]$/.test(segment)) return 'Windows does not allow a file name to end in a dot or space';
  if (isDotGit(segment)) return `git would treat ${segment} as its own folder`;
  if (isGitSetting(segment)) return `${segment} would change how git treats the files`;
  if (new TextEncoder().encode(segment).length > MAX_SEGMENT_BYTES)
    return `A file name has at most ${MAX_SEGMENT_BYTES} bytes`;
  const [device = ''] = segment.split('.', 1);
  if (DEVICE.test(device.replace(/ +$/, '')))
    return `${segment} is the name of a device on Windows`;
  return null;
}

/** A segment of a path as disks see it that ignore case, and as HFS+ sees it, which ignores some characters. */
const plainOf = (segment: string): string =>
  segment.replace(HFS_IGNORED, '').normalize('NFKC').toLowerCase();

/**
 * Whether git itself protects this name like `.git`: in any case, as an NTFS short name (`git~1`), or with characters
 * that HFS+ ignores.
 */
function isDotGit(segment: string): boolean {
  const plain = plainOf(segment);
  return /^\.git[. ]*$/.test(plain) || /^git~[0-9]+$/.test(plain);
}

/**
 * Whether the file would be a setting of git. `.gitmodules` makes a clone fetch from elsewhere, `.gitattributes` makes
 * a checkout differ from the version. The short names of both files on NTFS count too (`is_ntfs_dot_generic` in git's
 * path.c).
 */
function isGitSetting(segment: string): boolean {
  const plain = plainOf(segment);
  return (
    /^\.git(modules|attributes)[. ]*$/.test(plain) ||
    /^(gitmod|gitatt|gi7eba|gi7d29)~[0-9]+$/.test(plain)
  );
}
