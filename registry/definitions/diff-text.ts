/** Decodes a diff that git printed: each line in the encoding of its file. */
import { isUtf8 } from 'node:buffer';
import { decodePiece } from './source.ts';

/** The part of a diff about one file. Offsets are in bytes, `to` is exclusive. */
export interface DiffPart {
  readonly from: number;
  readonly to: number;
  /**
   * The path of the Python file before and after the change. The value is null if there is no Python file, or if the
   * whole part is ASCII.
   */
  readonly before: string | null;
  readonly after: string | null;
}

/** The encodings of the file before and after the change, as `encodingOfSource` returns them. */
export interface Encodings {
  readonly before: string;
  readonly after: string;
}

const START = Buffer.from('\ndiff --git ');

/** Splits a diff into its parts, in order and without gaps. */
export function partsOf(diff: Buffer): DiffPart[] {
  const parts: DiffPart[] = [];
  for (let from = 0; from < diff.length; ) {
    const next = diff.indexOf(START, from);
    const to = next < 0 ? diff.length : next + 1;
    const part = diff.subarray(from, to);
    const isAscii = !part.some((byte) => byte > 127);
    parts.push({
      from,
      to,
      before: isAscii ? null : pythonFile(part, '--- a/'),
      after: isAscii ? null : pythonFile(part, '+++ b/'),
    });
    from = to;
  }
  return parts;
}

/**
 * Decodes a part. Paths are UTF-8. Removed lines and hunk headings have the encoding of the file before the change, all
 * other lines have the encoding of the file after the change.
 */
export function decodePart(part: Buffer, { before, after }: Encodings): string {
  const hunks = part.indexOf('\n@@ ') + 1;
  if (hunks === 0) return part.toString();
  const head = part.toString('utf8', 0, hunks);
  const whole = before === after ? decodePiece(part.subarray(hunks), before) : '\ufffd';
  if (!whole.includes('\ufffd')) return head + whole;
  let text = head;
  for (let from = hunks; from < part.length; ) {
    const end = part.indexOf(0x0a, from);
    const to = end < 0 ? part.length : end + 1;
    const isBefore = part[from] === 0x2d || part[from] === 0x40;
    text += readable(part.subarray(from, to), isBefore ? before : after);
    from = to;
  }
  return text;
}

/**
 * Decodes a line. If the encoding cannot decode its bytes, each non-ASCII byte is shown as `\xb5`, so that different
 * lines look different.
 */
function readable(line: Buffer, encoding: string): string {
  const text = decodePiece(line, encoding);
  if (!text.includes('\ufffd') || (encoding === 'utf-8' && isUtf8(line))) return text;
  return line
    .toString('latin1')
    .replace(/[^\0-\x7f]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16)}`);
}

/**
 * The path of a Python file in a header line of the diff; null if the file is not a Python file or the path is quoted.
 * git ends a path that contains a space with a tab.
 */
function pythonFile(part: Buffer, mark: string): string | null {
  const at = part.indexOf(`\n${mark}`);
  if (at < 0) return null;
  const begin = at + 1 + mark.length;
  const path = part.toString('utf8', begin, part.indexOf(0x0a, begin)).replace(/\t$/, '');
  return path.endsWith('.py') ? path : null;
}
