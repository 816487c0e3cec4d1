/** Finds files beside the Python files that are not plain data: programs, native libraries, sealed archives. Pure. */
import { packedFiles } from './packed-files.ts';
import type { Diagnostic, Files } from './types.ts';

/**
 * The first bytes by which operating systems recognize programs. Java classes begin like fat Mach-O files. Both kinds
 * of file continue with a number: a fat Mach-O with the count of its parts, which is small, a Java class with its
 * version.
 */
const MAGIC: [kind: string, is: (bytes: Buffer) => boolean][] = [
  ['an ELF library or program', (bytes) => starts(bytes, '7f454c46')],
  ['a Windows library or program', isPortableExecutable],
  ['a Mach-O library or program', (bytes) => /^(feedfac[ef]|c[ef]faedfe)$/.test(hex(bytes))],
  [
    'a Mach-O library or program',
    (bytes) =>
      /^(cafebab[ef])$/.test(hex(bytes)) && bytes.length >= 8 && bytes.readUInt32BE(4) < 40,
  ],
  [
    'an archive of compiled code',
    (bytes) => starts(bytes, Buffer.from('!<arch>\n').toString('hex')),
  ],
];

/**
 * Packed formats other than zip, gzip and tar. Python can unpack most of these formats, but the registry cannot, so
 * nobody could review the content.
 */
const SEALED: [by: string, is: (bytes: Buffer) => boolean][] = [
  ['bzip2', (bytes) => /^BZh[1-9](1AY&SY|\x17rE8P\x90)/.test(bytes.toString('latin1', 0, 10))],
  ['xz', (bytes) => starts(bytes, 'fd377a585a00')],
  ['lzma', isLzma],
  ['7-Zip', (bytes) => starts(bytes, '377abcaf271c')],
  ['Zstandard', (bytes) => starts(bytes, '28b52ffd')],
  ['LZ4', (bytes) => starts(bytes, '04224d18')],
  ['RAR', (bytes) => starts(bytes, '526172211a07')],
  ['cabinet', (bytes) => starts(bytes, '4d53434600000000')],
];

const NAMES = /\.(so(\.[0-9]+)*|dll|dylib|pyd|exe|ocx|sys)$/i;

const hex = (bytes: Buffer): string => bytes.toString('hex', 0, 4);
const starts = (bytes: Buffer, magic: string): boolean =>
  bytes.toString('hex', 0, magic.length / 2) === magic;

/** Whether the file begins with `MZ`, and has `PE` at the offset that the header states (Microsoft's "PE Format"). */
function isPortableExecutable(bytes: Buffer): boolean {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 2) !== 'MZ') return false;
  const at = bytes.readUInt32LE(0x3c);
  return bytes.toString('latin1', at, at + 4) === 'PE\0\0';
}

/**
 * Recognizes LZMA's old format, which has no magic number, by the usual parameters, a dictionary of 2^n bytes, and an
 * unknown or small size.
 */
function isLzma(bytes: Buffer): boolean {
  if (bytes.length < 13 || bytes[0] !== 0x5d) return false;
  const dictionary = bytes.readUInt32LE(1);
  const isKnown = bytes.readUInt32LE(9) < 64;
  const isPower = dictionary >= 4096 && Number.isInteger(Math.log2(dictionary));
  return isPower && (isKnown || bytes.readBigUInt64LE(5) === 2n ** 64n - 1n);
}

export interface NativeLibrary {
  path: string;
  /** What the file is, in words for people. */
  kind: string;
  /** What the author should do about the file. By default: install the library on the lab computers. */
  way?: string;
}

/**
 * The files that an operating system would load as compiled code, judged by content or name. Files in archives count
 * too.
 */
export function nativeLibraries(files: Files): NativeLibrary[] {
  return [...files].flatMap(([path, content]) => {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const packed = bytes.length > 4 ? packedFiles(path, bytes) : [];
    if (packed === null) return [{ path, kind: 'an archive of too many files to review' }];
    for (const one of [{ path, bytes, isSealed: false }, ...packed]) {
      const by = one.isSealed ? 'an unknown method or with a password' : sealedBy(one.bytes);
      if (by !== undefined) {
        const where = one.path === path ? '' : ` (${one.path})`;
        return [
          { path, kind: `a file packed with ${by}${where}`, way: 'pack it with zip or gzip' },
        ];
      }
      const kind = kindOf(one.path, one.bytes);
      if (kind === undefined) continue;
      return [{ path, kind: one.path === path ? kind : `an archive with ${kind} (${one.path})` }];
    }
    return [];
  });
}

const sealedBy = (bytes: Buffer): string | undefined => SEALED.find(([, is]) => is(bytes))?.[0];

function kindOf(path: string, bytes: Buffer): string | undefined {
  const named = NAMES.test(path) ? 'a native library or program by its name' : undefined;
  return MAGIC.find(([, is]) => is(bytes))?.[0] ?? named;
}

const LFS = 'version https://git-lfs.github.com/spec/';

/** The paths of git-lfs pointer files. A pointer file only names its content, which is stored elsewhere. */
export function lfsPointers(files: Files): string[] {
  return [...files].flatMap(([path, bytes]) =>
    bytes.byteLength < 1024 && Buffer.from(bytes).toString('latin1').startsWith(LFS) ? [path] : [],
  );
}

/** The validation errors and warnings about files that are not plain data. */
export function checkDataFiles(files: Files): { errors: Diagnostic[]; warnings: Diagnostic[] } {
  const at = (file: string, code: string, message: string): Diagnostic => ({
    ...{ line: 1, column: 1, end_line: 1, end_column: 1 },
    ...{ code, file, message: `${file}: ${message}` },
  });
  return {
    errors: nativeLibraries(files).map(({ path, kind, way = 'install it on the lab computers' }) =>
      at(path, 'native-library', `This is ${kind}, which nobody can review: ${way}`),
    ),
    warnings: lfsPointers(files).map((path) =>
      at(
        path,
        'lfs-pointer',
        'This is a git-lfs pointer, not the file: add the file itself (git lfs untrack)',
      ),
    ),
  };
}
