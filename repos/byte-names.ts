/** File names that may not be UTF-8: to git and Linux, a name is a sequence of bytes. */

/** Makes a file name readable: escapes control characters and bytes that are not UTF-8, as git does (`caf\\351.csv`). */
export function showName(name: Buffer): string {
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`;
  const text = name.toString('utf8');
  if (Buffer.from(text).equals(name))
    return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (control) =>
      [...Buffer.from(control)].map(octal).join(''),
    );
  return Array.from(name, (byte) =>
    byte < 0x20 || byte > 0x7e ? octal(byte) : String.fromCharCode(byte),
  ).join('');
}
