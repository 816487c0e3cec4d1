/** Finds and edits the `# /// script` block of PEP 723 in the lines of a file. */

/** A block. Lines count from 0; `opening` is the line `# /// script`, `closing` the line `# ///`. */
export interface ScriptBlock {
  readonly opening: number;
  readonly closing: number;
}

/** A file split into lines. `ends` has the line end of each line, and `''` for the last. */
export interface Lines {
  readonly lines: string[];
  readonly ends: string[];
}

export function splitLines(text: string): Lines {
  const parts = text.split(/(\r\n|\n|\r)/);
  return {
    lines: parts.filter((_, at) => at % 2 === 0),
    ends: parts.filter((_, at) => at % 2 === 1).concat(''),
  };
}

export function joinLines({ lines, ends }: Lines): string {
  return lines.map((line, at) => line + (ends[at] ?? '')).join('');
}

/**
 * Every `script` block, found as PEP 723's regular expression does. A block ends at the last `# ///` of an unbroken run
 * of comment lines. A run without `# ///` is not a block.
 */
export function scriptBlocks(lines: readonly string[]): ScriptBlock[] {
  const blocks: ScriptBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const type = /^# \/\/\/ ([a-zA-Z0-9-]+)$/.exec(lines[at] as string)?.[1];
    if (type === undefined) continue;
    let closing = -1;
    let next = at + 1;
    for (; /^#(?:$| )/.test(lines[next] ?? ''); next++)
      if (lines[next] === '# ///' && next > at + 1) closing = next;
    if (closing < 0) {
      // No line of this run of comments closes a block, so no block can begin in the run either.
      at = next - 1;
      continue;
    }
    if (type === 'script') blocks.push({ opening: at, closing });
    at = closing;
  }
  return blocks;
}

/** A line that looks like the first or last line of a header, and the reason why the header is not read. */
export interface UnreadBlock {
  /** The line number, counted from 0. */
  readonly line: number;
  readonly why: string;
}

/**
 * Finds a line that looks like the beginning of a header, in a file without a header; null if there is no such line.
 */
export function unreadBlock(lines: readonly string[]): UnreadBlock | null {
  const first = lines.findIndex((line) => /^\s*#+\s*\/{3}\s*script\s*$/i.test(line));
  if (first < 0) return null;
  if (lines[first] !== '# /// script')
    return {
      line: first,
      why: 'The first line of the script block must be exactly "# /// script"',
    };
  for (let at = first + 1; ; at++) {
    const line = lines[at];
    if (line !== undefined && /^#(?:$| )/.test(line)) {
      if (/^#\s*\/{3}\s*$/.test(line) && line !== '# ///')
        return { line: at, why: 'The last line of the script block must be exactly "# ///"' };
      continue;
    }
    if (line === undefined || !lines.slice(at).some((one) => /^\s*#+\s*\/{3}\s*$/.test(one)))
      return { line: first, why: 'The script block has no last line "# ///"' };
    return { line: at, why: 'Each line of the script block must be "#", or "# " followed by TOML' };
  }
}

/** The TOML of a block. */
export function contentOf(lines: readonly string[], block: ScriptBlock): string[] {
  return lines
    .slice(block.opening + 1, block.closing)
    .map((line) => line.slice(line[1] === ' ' ? 2 : 1));
}

/** Turns TOML lines into comment lines. */
export function commented(toml: readonly string[]): string[] {
  return toml.map((line) => (line === '' ? '#' : `# ${line}`));
}

/** Inserts a block (its comment lines) where it belongs: below the shebang and the encoding line. */
export function insertBlock(text: string, block: readonly string[], newline: string): string {
  const { lines, ends } = splitLines(text);
  let at = lines[0]?.startsWith('#!') ? 1 : 0;
  if (/^[ \t\f]*#.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+/.test(lines[at] ?? '') && at < 2) at++;
  if (at > 0 && ends[at - 1] === '') ends[at - 1] = newline;
  const rest = lines[at];
  const spaced = rest === undefined || rest === '' ? block : [...block, ''];
  lines.splice(at, 0, ...spaced);
  ends.splice(at, 0, ...spaced.map(() => newline));
  return joinLines({ lines, ends });
}
