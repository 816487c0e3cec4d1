/** Files beside the Python ones that are not the data they seem to be. Pure. */
import { packedFiles } from './packed-files.ts';
import type { Diagnostic, Files } from './types.ts';

/** How the systems' loaders know their own; a fat Mach-O has few parts, where a Java class has its version. */
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

const NAMES = /\.(so(\.[0-9]+)*|dll|dylib|pyd|exe|ocx|sys)$/i;

const hex = (bytes: Buffer): string => bytes.toString('hex', 0, 4);
const starts = (bytes: Buffer, magic: string): boolean =>
  bytes.toString('hex', 0, magic.length / 2) === magic;

/** `MZ`, and where the header says, `PE` (Microsoft's "PE Format"). */
function isPortableExecutable(bytes: Buffer): boolean {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 2) !== 'MZ') return false;
  const at = bytes.readUInt32LE(0x3c);
  return bytes.toString('latin1', at, at + 4) === 'PE\0\0';
}

export interface NativeLibrary {
  path: string;
  /** In words. */
  kind: string;
}

/** The files that a system would load as compiled code, by what they hold or by their name; those in archives too. */
export function nativeLibraries(files: Files): NativeLibrary[] {
  return [...files].flatMap(([path, content]) => {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const packed = bytes.length > 4 ? packedFiles(path, bytes) : [];
    if (packed === null) return [{ path, kind: 'an archive of too many files to review' }];
    for (const one of [{ path, bytes }, ...packed]) {
      const kind = kindOf(one.path, one.bytes);
      if (kind === undefined) continue;
      return [{ path, kind: one.path === path ? kind : `an archive with ${kind} (${one.path})` }];
    }
    return [];
  });
}

function kindOf(path: string, bytes: Buffer): string | undefined {
  const named = NAMES.test(path) ? 'a native library or program by its name' : undefined;
  return MAGIC.find(([, is]) => is(bytes))?.[0] ?? named;
}

const LFS = 'version https://git-lfs.github.com/spec/';

/** The files that git-lfs keeps elsewhere, and of which only a pointer is here. */
export function lfsPointers(files: Files): string[] {
  return [...files].flatMap(([path, bytes]) =>
    bytes.byteLength < 1024 && Buffer.from(bytes).toString('latin1').startsWith(LFS) ? [path] : [],
  );
}

/** What a validation says of them. */
export function checkDataFiles(files: Files): { errors: Diagnostic[]; warnings: Diagnostic[] } {
  const at = (file: string, code: string, message: string): Diagnostic => ({
    ...{ line: 1, column: 1, end_line: 1, end_column: 1 },
    ...{ code, file, message: `${file}: ${message}` },
  });
  return {
    errors: nativeLibraries(files).map(({ path, kind }) =>
      at(
        path,
        'native-library',
        `This is ${kind}, which nobody can review: install it on the lab computers`,
      ),
    ),
    warnings: lfsPointers(files).map((path) =>
      at(
        path,
        'lfs-pointer',
        'This is a git-lfs pointer, and not the file: add the file itself (git lfs untrack)',
      ),
    ),
  };
}
