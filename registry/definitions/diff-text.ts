/** The text of a diff that git printed: each line in the encoding of the file that it stands in. */
import { isUtf8 } from 'node:buffer';
import { decodePiece } from './source.ts';

/** The part of a diff about one file; offsets in bytes, `to` exclusive. */
export interface DiffPart {
  readonly from: number;
  readonly to: number;
  /** The Python file before and after, where there is one and the part has bytes beyond ASCII. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Names of encodings, as `encodingOfSource` gives them. */
export interface Encodings {
  readonly before: string;
  readonly after: string;
}

const START = Buffer.from('\ndiff --git ');

/** The parts of a diff, in order; together they are all of it. */
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

/** Paths are UTF-8; lines taken away and the headings of hunks are text of the file before, all others of the file after. */
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

/** A line; where its bytes are none of the encoding, those beyond ASCII as `\xb5`, so that two that differ look different. */
function readable(line: Buffer, encoding: string): string {
  const text = decodePiece(line, encoding);
  if (!text.includes('\ufffd') || (encoding === 'utf-8' && isUtf8(line))) return text;
  return line
    .toString('latin1')
    .replace(/[^\0-\x7f]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16)}`);
}

/** A path that its line names plainly: git ends it with a tab where it has a space. */
function pythonFile(part: Buffer, mark: string): string | null {
  const at = part.indexOf(`\n${mark}`);
  if (at < 0) return null;
  const begin = at + 1 + mark.length;
  const path = part.toString('utf8', begin, part.indexOf(0x0a, begin)).replace(/\t$/, '');
  return path.endsWith('.py') ? path : null;
}
