/**
 * Recognises objects that git's fsck certainly accepts, in every version of git and even if every warning is an error.
 * Other objects may be sound too, and git decides about them.
 */
import { isUtf8 } from 'node:buffer';
import type { ObjectType } from '../object-text.ts';

/**
 * Whether fsck certainly accepts the object. Commits and files must be text, because Node's SHA-1 does not detect crafted
 * collisions as git's does. Known collisions need blocks of random bytes, which are not text. A tree contains bytes that
 * are not text only in its ids, and each id must be that of an existing object.
 */
export function isPlainlySound(type: ObjectType, bytes: Buffer): boolean {
  if (type === 'tree') return isPlainTree(bytes);
  if (!isText(bytes)) return false;
  if (type === 'blob') return true;
  return type === 'commit' && isPlainCommit(bytes.toString());
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const DELETE = 0x7f;

function isText(bytes: Buffer): boolean {
  for (const byte of bytes) {
    const isSpace = byte === TAB || byte === LINE_FEED || byte === RETURN;
    if ((byte < 0x20 && !isSpace) || byte === DELETE) return false;
  }
  return isUtf8(bytes);
}

const ID = '(?!0{40})[0-9a-f]{40}';
const SIGNED = '[^<>\\n ][^<>\\n]* <[^<>\\n]*> (?:0|[1-9][0-9]{0,9}) [+-][0-9]{4}';
/** Matches the header of a commit. Further lines of a signature (`gpgsig`) begin with a space. */
const COMMIT = new RegExp(
  `^tree ${ID}\\n(?:parent ${ID}\\n)*author ${SIGNED}\\ncommitter ${SIGNED}\\n(?:encoding [!-~]+\\n)?(?:gpgsig [^\\n]*\\n(?: [^\\n]*\\n)*)?\\n`,
);

const isPlainCommit = (text: string): boolean => COMMIT.test(text);

const MODES = new Set(['100644', '100755', '40000']);
const SPACE = 0x20;
const ID_BYTES = 20;

/**
 * Names without a special meaning on any file system. Git refuses many spellings of `.git`: with `~1`, with characters
 * that some systems ignore, before a colon. Git also checks the content of its own files, such as `.gitmodules`.
 */
const NAME = /^(?!\.{1,2}$)(?!\.git)[ -}]{1,200}$/i;
const SPECIAL = /[/\\:]/;

const isPlainName = (name: string): boolean =>
  name === '.gitignore' || (NAME.test(name) && !SPECIAL.test(name));

/** Whether all entries are complete, allowed and in git's order. */
function isPlainTree(bytes: Buffer): boolean {
  const names = new Set<string>();
  let before: Buffer | undefined;
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(SPACE, at);
    const nul = bytes.indexOf(0, at);
    const end = nul + 1 + ID_BYTES;
    if (space < 0 || nul < space || end > bytes.length) return false;
    const mode = bytes.toString('latin1', at, space);
    const name = bytes.toString('latin1', space + 1, nul);
    if (!MODES.has(mode) || !isPlainName(name) || names.has(name)) return false;
    if (bytes.subarray(nul + 1, end).every((byte) => byte === 0)) return false;
    // Git sorts a folder as if its name ended with a slash.
    const key = Buffer.from(mode === '40000' ? `${name}/` : name);
    if (before !== undefined && Buffer.compare(before, key) >= 0) return false;
    before = key;
    names.add(name);
    at = end;
  }
  return true;
}
