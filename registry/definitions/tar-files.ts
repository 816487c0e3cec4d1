/** Lists the files in a tar archive, in every format that Python's `tarfile` reads (v7, ustar, GNU, pax). Pure. */

const BLOCK = 512;

export interface TarFile {
  name: string;
  content: Buffer;
}

/**
 * Whether the bytes begin with a tar header. The checksum identifies a header, because the oldest format has no magic
 * number.
 */
export function isTar(bytes: Buffer): boolean {
  if (bytes.length < BLOCK || bytes[0] === 0) return false;
  const header = bytes.subarray(0, BLOCK);
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  return octal(header, 148, 8) === sum;
}

/** The files of a tar; null if there are more than `most`. The list ends at damaged data, as in Python. */
export function tarFiles(bytes: Buffer, most: number): TarFile[] | null {
  const found: TarFile[] = [];
  let named: string | undefined;
  for (let at = 0; isTar(bytes.subarray(at)); ) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = sizeOf(header);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    // A long name comes before its file: in GNU tars as a file of its own, in pax tars in a list of records.
    if (type === 'L') named = text(content, 0, content.length);
    else if (type === 'x')
      named = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString())?.[1] ?? named;
    else if (type !== 'K' && type !== 'g') {
      if (found.length === most) return null;
      found.push({ name: named ?? nameOf(header), content });
      named = undefined;
    }
  }
  return found;
}

function nameOf(header: Buffer): string {
  const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
  const name = text(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The size of a file: octal digits, or a binary number if the first bit is set. */
function sizeOf(header: Buffer): number {
  if (((header[124] ?? 0) & 0x80) === 0) return octal(header, 124, 12) || 0;
  return header.readUIntBE(130, 6);
}

const octal = (bytes: Buffer, at: number, length: number): number =>
  Number.parseInt(text(bytes, at, length).trim(), 8);

function text(bytes: Buffer, at: number, length: number): string {
  return bytes.toString('utf8', at, at + length).split('\0', 1)[0] ?? '';
}
