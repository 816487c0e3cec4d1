/** File names are bytes to git and to Linux, and need not be UTF-8. */

/** A file name for people: quotes control characters and bytes that are not UTF-8, as git does (`caf\\351.csv`). */
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
