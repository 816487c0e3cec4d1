/** The capabilities of a client or server by name, with their values (gitprotocol-capabilities(5)). */
export type Capabilities = ReadonlyMap<string, string | undefined>;

/** Parses words like `name` and `name=value`. If a name is repeated, as `symref` may be, the last one counts. */
export function readCapabilities(words: Iterable<string>): Capabilities {
  const capabilities = new Map<string, string | undefined>();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0) capabilities.set(word, undefined);
    else capabilities.set(word.slice(0, equals), word.slice(equals + 1));
  }
  return capabilities;
}

export function writeCapabilities(capabilities: Capabilities): string[] {
  return Array.from(capabilities, ([name, value]) =>
    value === undefined ? name : `${name}=${value}`,
  );
}

/** Splits a space-separated list. */
export function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** Splits a line at its NUL. In the first line of a v0 list, the capabilities follow the NUL. */
export function splitAtNul(line: string): [before: string, after: string | undefined] {
  const nul = line.indexOf('\0');
  return nul < 0 ? [line, undefined] : [line.slice(0, nul), line.slice(nul + 1)];
}
