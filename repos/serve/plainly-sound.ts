/**
 * Recognises objects that git's fsck certainly accepts, in every version of git and with every warning an error. An object
 * that is not recognised may be sound too; git decides on it.
 */
import { isUtf8 } from 'node:buffer';
import type { ObjectType } from '../object-text.ts';

/**
 * Whether fsck accepts the object. Commits and files must be text. Git's SHA-1 detects crafted collisions, and
 * Node's does not; the blocks of the known attacks are random bytes, which are not text. In a tree, the only bytes that are
 * not text are ids, each of which must name an object that is there.
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
/** A signature continues on lines that begin with a space. */
const COMMIT = new RegExp(
  `^tree ${ID}\\n(?:parent ${ID}\\n)*author ${SIGNED}\\ncommitter ${SIGNED}\\n(?:encoding [!-~]+\\n)?(?:gpgsig [^\\n]*\\n(?: [^\\n]*\\n)*)?\\n`,
);

const isPlainCommit = (text: string): boolean => COMMIT.test(text);

const MODES = new Set(['100644', '100755', '40000']);
const SPACE = 0x20;
const ID_BYTES = 20;

/**
 * Names without special meaning on any file system. Git refuses `.git` in many spellings (with `~1`, with characters that
 * some systems ignore, before a colon) and looks into files that configure it.
 */
const NAME = /^(?!\.{1,2}$)(?!\.git)[ -}]{1,200}$/i;
const SPECIAL = /[/\\:]/;

const isPlainName = (name: string): boolean =>
  name === '.gitignore' || (NAME.test(name) && !SPECIAL.test(name));

/** Entries are complete, and each one comes after the one before it in git's order. */
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
